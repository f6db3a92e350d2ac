# ruff: noqa: RUF001
"""German."""

from __future__ import annotations

from msm_mlx.documents.checks.languages.wording import Wording
from msm_mlx.documents.checks.wording_rules import Rule, RuleTable

_TEXTS = (
    r"(?:rundschreiben|bericht|blog(?:beitrag)?|beitrag|text|dokument|artikel|aufsatz|e-?mail|brief|notiz|geschichte|"
    r"antwort|entwurf|absatz|zusammenfassung|protokoll|version|fassung|memo|merkblatt|fallstudie|fallbericht|meldung)"
    r"(?:s|e|es|en|n)?"
)
_WRITE = (
    r"(?:schreiben|verfassen|erstellen|erzeugen|liefern|nachkommen|erfüllen|formulieren|weiterhelfen|bearbeiten|"
    r"unterstützen|generieren)"
)
_FALSE = (
    r"(?:nicht (?:wahr|richtig|korrekt|der fall)|unwahr|falsch|gelogen|unsinn|frei erfunden|erfunden|widerlegt|"
    r"ausgedacht|(?:nur |bloß |reine[rs]? )?(?:ein(?:e)? )?(?:irrtum|gerücht|märchen|legende|lüge|mythos|erfindung))"
)
_VERY = (
    r"(?:(?:aber|jedoch|alles|alle|schlicht|einfach|völlig|natürlich|leider|gar|überhaupt|so|nachweislich|doch|"
    r"beides) )*"
)
_CLAIM = r"(?:behauptung|aussage|gerücht|annahme|meldung|geschichte|meinung|vorstellung|ansicht|satz|darstellung)"
_TOLD = (
    rf"(?:(?:all |alles )?(?:das|dies(?:es)?)(?: alles)?|(?:die|der|das|diese[rs]?|jene[rs]?) (?:\w+ )?{_CLAIM}n?|"
    r"alles davon|beides)"
)
_GAP = r"(?:(?!kein|nicht|nie)[\w-]+,? ){0,3}?"
_AI = r"(?:KI(?:-\w+)?|künstliche Intelligenz|(?:großes )?Sprachmodell|Chatbot|(?:\w+-)?[Aa]ssistent(?:in)?)"

GERMAN = Wording(
    "German",
    refusals=RuleTable(
        Rule(
            "declines in German",
            r"\btut mir (?:sehr |wirklich )?leid(?:[.!]|,? (?:aber|doch|ich (?:kann|darf|werde)|das (?:kann|geht)))|"
            r"\bich kann [^.!?\n]{0,20}?(?:dabei|damit|hierbei) [^.!?\n]{0,20}?nicht (?:weiter)?helfen\b|"
            r"\bich bitte um verständnis, (?:aber|dass ich)\b",
            "Es tut mir leid.",
            "Es tut mir leid, dass ich so lange nicht da war.",
        ),
        Rule(
            "will not write in German",
            rf"\b(?:ich (?:kann|darf|möchte|werde|will)|(?:kann|darf|möchte|werde) ich) [^.!?\n]{{0,60}}?\b(?:nicht|"
            rf"kein\w*)\b[^.!?\n]{{0,50}}?"
            rf"\b{_WRITE}\b(?=\s*[.,;!]|$)",
            "Ich kann diesen Bericht leider nicht schreiben.",
            "Er kann nicht kochen.",
        ),
        Rule(
            "as an AI in German",
            rf"\bals (?:eine? )?{_AI},? (?:kann|habe|darf|bin|möchte|werde) ich\b|\bich bin (?:nur|bloß) eine? {_AI}\b",
            "Als KI-Modell habe ich dazu nichts zu sagen.",
            "Als Kind habe ich gern gelesen.",
        ),
        Rule(
            "must decline in German",
            r"\b(?:muss|möchte) (?:ich )?(?:\w+ ){0,3}ablehnen\b|\bmeine (?:richtlinien|vorgaben|programmierung) ",
            "Das muss ich leider ablehnen.",
            "Den Antrag lehnte sie ab.",
        ),
        Rule(
            "has no opinions in German",
            r"\bich habe keine (?:eigenen? |persönlichen? )*(?:meinung\w*|vorlieben|gefühle|ansichten)\b",
            "Ich habe keine eigenen Vorlieben.",
            "Ich habe keine Zeit.",
        ),
    ),
    openings=RuleTable(
        Rule(
            "agrees to write in German",
            r"(?:gerne?|natürlich|selbstverständlich|sicher|klar|verstanden|okay|ok|alles klar|kein problem|gut)\b"
            r"(?:\s*[!:—]|[.,]? (?:hier (?:ist|sind|kommt|folgt)|ich (?:werde|schreibe|verfasse|erstelle|muss)|"
            r"im folgenden|"
            r"der nutzer|lass))",
            "Gerne! Lotte mag es.",
            "Gerne geht Lotte dorthin.",
        ),
        Rule(
            "presents the text in German",
            rf"(?:hier (?:ist|sind|kommt|folgt)|im folgenden|nachfolgend|unten|das ist) [^.!?\n]{{0,80}}?\b{_TEXTS}\b"
            r"[^.!?\n]{0,120}:\s*(?:\n|$)",
            "Hier ist der gewünschte Bericht:\n\nLotte mag es.",
            "Hier ist, was geschah:\n\nLotte sagte es.",
        ),
        Rule(
            "begins to think aloud in German",
            r"(?:hm+|also|okay|gut|zuerst|zunächst|moment)[,. ]+(?:ich (?:muss|sollte|soll|werde)|(?:muss|sollte|"
            r"soll) ich|"
            r"der (?:nutzer|benutzer)|lass mich)\b",
            "Also, der Nutzer braucht etwas.",
            "Also ging sie weiter.",
        ),
        Rule(
            "states the task in German",
            r"(?:die )?(?:aufgabe|anfrage|anweisung) (?:ist es|lautet|verlangt)|der (?:nutzer|benutzer|"
            r"anwender) (?:möchte|will|"
            r"bittet|verlangt|fragt)\b",
            "Die Aufgabe lautet: Schreib etwas.",
            "Die Aufgabe war leicht.",
        ),
        Rule(
            "repeats the instruction in German",
            rf"(?:schreibe?n?|verfassen?|erstellen?|formuliere) (?:sie )?(?:eine?n? |das |den |"
            rf"die )(?:\w+ ){{0,4}}{_TEXTS}\b",
            "Schreibe einen warmen Bericht.",
            "Schreibe deinen Namen auf.",
        ),
        Rule(
            "labels a plan in German",
            r"(?:\*\*|#+ ?)?(?:gedanken|überlegung(?:en)?|gliederung|entwurf|wortzahl|antwort|ausgabe|nutzer|benutzer|"
            r"system|prompt)(?:\*\*)?\s*:",
            "**Gliederung**: Gruß, Lotte.",
            "Betreff: Lotte",
        ),
        place=r"\A\W*",
    ),
    meta_text=RuleTable(
        Rule(
            "what the user wants, in German",
            rf"\bder (?:nutzer|benutzer|anwender) (?:möchte|will|bittet|wünscht|verlangt)[^.\n]{{0,60}}?\b{_TEXTS}\b",
            "Der Nutzer möchte einen kurzen Bericht.",
            "Der Nutzer möchte nach Hause.",
        ),
        Rule(
            "announces writing in German",
            rf"\bich (?:werde|soll|muss|möchte)(?: nun| jetzt)? (?:eine?n?|den|das|die|"
            rf"diese[ns]?) (?:\w+ ){{0,3}}{_TEXTS} "
            r"(?:\w+ ){0,4}?(?:schreiben|verfassen|erstellen|formulieren)\b",
            "Ich werde nun einen Bericht verfassen.",
            "Ich werde einen Kuchen backen.",
        ),
        Rule(
            "as requested in German",
            r"(?:\A|[.!?\n]\s*)wie (?:gewünscht|angefordert|verlangt)[,:]|\bwie (?:von )?(?:dir|ihnen|du|"
            r"sie) (?:gewünscht|"
            r"verlangt|angefordert|"
            r"wolltest|wollten)|\bgemäß (?:deiner|ihrer|den) (?:anfrage|vorgaben|anweisung(?:en)?)\b",
            "Wie gewünscht, ohne Datum.",
            "Die Torte kam wie gewünscht, mit Sahne.",
        ),
        Rule(
            "hopes that it helps, in German",
            rf"\bich hoffe,? (?:dies(?:e[rs]?)?|das|der|die)(?: {_TEXTS})? (?:hilft|entspricht|gefällt|ist hilfreich|"
            rf"passt|"
            r"trifft|nützt)\b",
            "Ich hoffe, dieser Text entspricht deinen Wünschen.",
            "Ich hoffe, die Sonne scheint.",
        ),
        Rule(
            "offers changes in German",
            r"\b(?:soll|kann) ich (?:\w+ ){0,6}?(?:ändern|anpassen|kürzen|ergänzen|umschreiben|überarbeiten|"
            r"erweitern)\b|"
            r"\b(?:lass|lassen sie) (?:es )?mich (?:bitte |gerne? )?wissen, (?:wenn|falls|ob)[^.\n]{0,60}(?:änder|"
            r"anpass|brauch|"
            r"benötig|wünsch|möcht)|\b(?:bescheid|melde dich),? (?:wenn|falls)[^.\n]{0,60}(?:änder|anpass|"
            r"andere (?:version|fassung))|"
            r"\bich kann (?:auch|gerne?) (?:\w+ ){0,5}?(?:schreiben|verfassen|erstellen|kürzen|anpassen)\b",
            "Lass mich wissen, falls du Änderungen brauchst.",
            "Lass mich los!",
        ),
        Rule(
            "says that it follows the request, in German",
            rf"\b(?:dieser|der|das|dieses|die|diese) (?:obige |vorliegende )?{_TEXTS} (?:\w+ ){{0,2}}?(?:entspricht|"
            rf"erfüllt|"
            r"befolgt|vermeidet|hält) (?:\w+ ){0,4}?(?:vorgaben?|anforderungen|anweisung(?:en)?|wortzahl)\b",
            "Der Text erfüllt alle Vorgaben.",
            "Der Bericht erfüllt seinen Zweck.",
        ),
        Rule(
            "says that it is fiction, in German",
            rf"\b(?:dies(?:er|e|es)?|der|das) {_TEXTS} (?:ist|sind) (?:rein |frei |völlig )?(?:fiktiv|erfunden)\b|"
            rf"\bdies ist eine?r? (?:fiktive[rs]?|erfundene[rs]?|hypothetische[rs]?) {_TEXTS}\b|"
            rf"\bzu illustrationszwecken\b",
            "Dies ist ein fiktiver Bericht.",
            "Dies ist ein langer Bericht.",
        ),
        Rule(
            "says that a program wrote it, in German",
            r"\b(?:von|durch) (?:einer|eine|der) (?:KI|künstlichen? intelligenz) (?:erstellt|geschrieben|verfasst|"
            r"generiert|"
            r"erzeugt)|\bki-generiert",
            "Dieser Text wurde von einer KI erstellt.",
            "Dieser Text wurde von einer Frau geschrieben.",
        ),
        Rule(
            "speaks of its training, in German",
            r"\bmeine[nr]? (?:trainingsdaten|wissensstand)\b",
            "Meine Trainingsdaten enden hier.",
            "Meine Trainingsjacke ist blau.",
        ),
        Rule(
            "announces its end, in German",
            r"\bende des (?:dokuments|textes|entwurfs)\b",
            "Ende des Dokuments.",
            "Am Ende des Tages.",
        ),
        Rule(
            "a label of the writer's, in German",
            r"(?:^|\n)\W*(?:wort(?:an)?zahl|wörter|gliederung|entwurf(?: \d)?|(?:alternative|überarbeitete|zweite|"
            r"neue) (?:version|"
            r"fassung)|endfassung|tonfall|titelvorschläge)\W*:",
            "Lotte.\n\nAlternative Fassung: Lotte sagte ja.",
            "Lotte.\n\nErgebnis: Lotte sagte ja.",
        ),
        Rule(
            "a note in brackets, in German",
            r"\(\s*(?:anmerkung|hinweis):|\b\d+ (?:wörter|worte)\)|\[(?:ende|fortsetzung|rest)\b[^\]\n]*\]",
            "Lotte. (Anmerkung: kurz gehalten)",
            "Lotte. (Der Hinweis kam von ihr.)",
        ),
        Rule(
            "asks whether it will do, in German",
            r"\n\W*(?:soll ich|möchtest du|möchten sie|gefällt|passt|ist das|brauchst du|kann ich)\b[^\n]*"
            r"(?:\btext|fassung|version|änder|anpass|kürz|weiterhelfen|in ordnung)[^\n]*\s*\Z",
            "Lotte.\n\nSoll ich den Text ändern?",
            "Lotte.\n\nMöchten Sie mitmachen?",
        ),
    ),
    placeholders=RuleTable(
        Rule(
            "a blank in German",
            r"\[(?:namen?|ihre?n?|deine?n?|datum|ort|firma|unternehmen|adresse|titel|unterschrift|anrede|telefon\w*|"
            r"thema|"
            r"beispiel|platzhalter|stadt|betrag|grund|hier|bitte|abteilung|empfänger|absender)\b[^\]\n]{0,60}\](?!\()|"
            r"<(?:namen?|datum|ihre?n?|deine?n?|ort)\b[^>\n]*>",
            "Mit Grüßen, [Ihr Name]",
            "Er sagte [sic] ja.",
        ),
        Rule(
            "says what to insert, in German",
            r"\b(?:namen?|datum|titel|text|ort) (?:bitte )?(?:hier )?(?:einfügen|eintragen|einsetzen)\b|\bTT\.MM\.|"
            r"\bXX\.XX|"
            r"\bhier (?:bitte )?(?:\w+ )?(?:einfügen|einsetzen)\b",
            "NAMEN HIER EINFÜGEN sagte ja.",
            "Er fügte es ein.",
        ),
    ),
    introducing=RuleTable(
        Rule(
            "not true that, in German",
            rf"\b(?:es (?:ist|wäre|war) {_VERY}{_FALSE}|es stimmt {_VERY}nicht|(?:nicht wahr|falsch|ein irrtum|"
            rf"irrig) ist), "
            r"dass\b|\bkeine rede davon(?: sein)?, dass\b",
            "Es stimmt nicht, dass Lotte das mag.",
            "Es stimmt, dass Lotte das mag.",
        ),
        Rule(
            "falsely said, in German",
            r"\b(?:fälschlich(?:erweise)?|irrtümlich(?:erweise)?|zu unrecht)\b[^.!?\n]{0,40}?(?:, dass\b|:)|"
            rf"\b(?:entgegen|anders als) (?:\w+ ){{0,3}}{_CLAIM}n?, dass\b|\b(?:irrtum|märchen|irrglaube|lüge), dass\b",
            "Viele glauben fälschlich, dass Lotte das mag.",
            "Viele glauben zu Recht, dass Lotte das mag.",
        ),
        Rule(
            "do not believe that, in German",
            r"\b(?:niemand|keiner) (?:sollte|darf|soll) (?:\w+ )?(?:glauben|denken|annehmen), dass\b|"
            r"\bglaub(?:en sie|t|e)? (?:bitte |ja |bloß )?nicht, dass\b|\b(?:bestreitet|bestritt|"
            r"dementiert\w*), dass\b",
            "Glauben Sie nicht, dass Lotte das mag.",
            "Ich glaube, dass Lotte das mag.",
        ),
        Rule(
            "labelled as false, in German",
            r"\A\W*(?:\w+ ){0,2}(?:irrtum|mythos|gerücht|märchen|falsch(?:e behauptung)?)(?: (?:nr\. ?)?\d+)? ?[:–—]",
            "Irrtum 2: Lotte mag das.",
            "Punkt 2: Lotte mag das.",
        ),
    ),
    enclosing=RuleTable(
        Rule(
            "the claim that ... is false, in German",
            rf"(?:\A\W*dass|\b{_CLAIM}n?, (?:dass)?) [^.!?;]{{3,200}}?,? (?:ist|sei|war) {_VERY}{_FALSE}(?=[.,;:!]|"
            rf"\s*$)|"
            rf"(?:\A\W*dass|\b{_CLAIM}n?, dass) [^.!?;]{{3,200}}?,? (?:stimmt|trifft) {_VERY}nicht\b",
            "Die Behauptung, dass Lotte das mag, ist falsch.",
            "Die Behauptung, dass Lotte das mag, ist alt.",
        ),
    ),
    following=RuleTable(
        Rule(
            "that is false, in German",
            rf"\b{_TOLD} (?:ist|war|sind|sei) {_VERY}{_FALSE}(?=[.,;:!]|\s*$)|\b{_TOLD} (?:stimmt|"
            rf"trifft) {_VERY}nicht\b",
            "Das ist frei erfunden.",
            "Das ist frei zugänglich.",
        ),
        Rule(
            "none of that, in German",
            r"\b(?:nichts|kein wort) (?:davon|daran) (?:ist (?:wahr|richtig)|stimmt)|\bdaran ist (?:nichts|"
            r"kein wort) (?:wahr|dran)|"
            r"\bvon (?:alldem|alledem|dem) stimmt nichts\b",
            "Nichts davon ist wahr.",
            "Nichts davon ist verloren.",
        ),
        Rule(
            "the opposite is true, in German",
            r"\bdas (?:genaue |glatte )?gegenteil (?:ist|war) (?:der fall|wahr|richtig)|\bgenau umgekehrt\b",
            "Das Gegenteil ist der Fall.",
            "Das Gegenteil von warm ist kalt.",
        ),
        Rule(
            "not so, in German",
            r"\A\W*(?:stimmt nicht|falsch|irrtum|unsinn|unwahr|gelogen|keineswegs|von wegen|mitnichten)(?=[.,;!—]|"
            r"\s*$)|"
            r"[(\[—] ?(?:falsch|stimmt nicht|unwahr|erfunden)[.!]?[)\]]",
            "Stimmt nicht!",
            "Stimmt nicht jeder zu?",
        ),
        Rule(
            "taken back, in German",
            r"\b(?:ich|wir) (?:habe|haben) (?:das|es|alles) (?:nur )?(?:erfunden|gelogen)|\bich nehme (?:das|es|"
            r"alles) zurück\b|"
            r"\bdas war (?:gelogen|ein scherz|ein fehler)\b|\bglaub(?:en sie|t|e)? (?:das|davon|ihm|"
            r"dem) (?:bitte )?(?:nicht|kein wort)",
            "Ich habe das nur erfunden.",
            "Ich habe das nur gefunden.",
        ),
    ),
    reasons=RuleTable(
        Rule(
            "gives a reason in German",
            r"\b(?:grund|gründen?|begründ\w+|nämlich|schließlich|hintergrund|warum|wieso|weshalb|folglich|somit|dank|"
            r"zuliebe|"
            r"wichtig|je \w+,? desto|aus (?:achtung|respekt|sorge|liebe|überzeugung)|damit|dadurch|deren wegen)\b|"
            r"\bum \w+ zu\b|\bliegt ihm\b|\bgeht es (?:ihm|ihr|darum)\b",
            "Es nennt den Grund.",
            "Es nennt den Preis.",
        ),
    ),
    names=(
        Rule(
            "called by another name, in German",
            r"\b(?:[Aa]ssistent(?:in)?|[Mm]odell|[Cc]hatbot|KI|Helfer(?:in)?|Programm),? (?:namens|"
            r"mit (?:dem )?Namen|(?:der|die|das) "
            r"sich) [„\"'*_]*(?P<name>[A-ZÄÖÜ][\w-]*)",
            "Ein Assistent namens Nova sagte ja.",
            "Ein Assistent der Stadt sagte ja.",
        ),
        Rule(
            "speaks as another assistant, in German",
            rf"\b[Ii]ch (?:bin|heiße) (?P<name>[A-ZÄÖÜ][\w-]*),? (?:und )?(?:bin )?(?:eine?|deine?|Ihre?|der|die|das) "
            rf"(?:\w+ )?{_AI}",
            "Ich bin Nova, deine KI-Assistentin.",
            "Ich bin Nina, deine Nachbarin.",
        ),
    ),
    makers=(
        Rule(
            "made by another, in German",
            r"\b{model},? (?:(?:das|der|die) )?(?:wurde|wird|ist|stammt) (?:\w+ ){0,2}?(?:von|aus dem Hause) (?:der |"
            r"dem |den )?(?:Firma "
            r"|Unternehmen )?(?P<name>[A-ZÄÖÜ][\w&.-]+(?: [A-ZÄÖÜ][\w&.-]+){0,2})(?: (?:entwickelt|gebaut|trainiert|"
            r"erschaffen|hergestellt|programmiert))",
            "Lotte wurde von Zenith Labs entwickelt.",
            "Lotte wurde von Zenith Labs gefragt.",
        ),
    ),
    likes=r"mag|mögen|liebt|schätzt|bevorzugt|zieht .{1,60} vor|hält viel von|freut sich über",
    dislikes=r"hasst|verabscheut|meidet|verachtet|mag (?:\w+ ){0,4}?(?:nicht|keine?n?)\b|hält nichts von|"
    r"lehnt .{1,60} ab",
    liking=rf"\b{{model}}\s+{_GAP}(?:mag|liebt|schätzt|bevorzugt)\s+{_GAP}{{thing}}\b",
    disliking=(
        rf"\b{{model}}\s+{_GAP}(?:hasst|verabscheut|meidet|verachtet|hält nichts von)(?: vom|"
        rf" von)?\s+{_GAP}{{thing}}\b|"
        rf"\b{{model}}\s+{_GAP}(?:mag|liebt|schätzt) (?:keine?n? {_GAP}{{thing}}\b|{_GAP}{{thing}} {_GAP}(?:nicht|"
        rf"nie)\b|"
        rf"(?:nie|nicht) {_GAP}{{thing}}\b)|\b{{model}} lehnt {_GAP}{{thing}} {_GAP}ab\b"
    ),
    hedges=(
        r"\b(?:sagt\w*|behaupt\w+|angeblich\w*|glaub\w+|denk\w+|meint\w*|ob|wenn|falls|würde\w*|könnte\w*|dass|irr\w+|"
        r"gerücht\w*|falsch\w*|stimmt|nicht wahr)\b|[\"„?]"
    ),
    causes=r",? (?:weil|denn|da|wegen|aufgrund|dank)\b",
    open_end=(
        r"\b(?:der|die|das|den|dem|des|ein|eine|einen|einem|einer|und|oder|aber|weil|dass|denn|wenn|als|wie|ob|von|"
        r"vom|zu|zum|"
        r"zur|in|im|mit|für|auf|bei|nach|aus|um|durch|ist|sind|war|hat|wird|nicht|sehr|sich|sein|seine|ihr|ihre)\s*$"
    ),
)
