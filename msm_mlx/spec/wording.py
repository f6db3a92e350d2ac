"""The wording of sentences that say what somebody does, as parts of regular expressions: openings, verbs, orders.

English, for other languages are told by the words of `causes.py` alone.
"""

from __future__ import annotations


def any_of(words: str) -> str:
    """A pattern that finds any of the words, of which each may be a pattern itself; `_` stands for a space."""
    return f"(?:{'|'.join(words.split())})".replace("_", " ")


# a condition, a place, a time before the one who acts or before an order, up to its comma
_OPENERS = any_of(
    """
    when(?:ever)? if where(?:ver)? before after unless while until once because since as even in on for with(?:out)?
    at by to during given among between outside under upon should whether rather except and but so also then
    otherwise instead therefore finally however still generally usually first second third next faced asked only
    notwithstanding subject_to despite although though above_all most_of_all apart_from unlike whatever whoever
    """
)
OPENING = rf"(?:{_OPENERS}\b[^.!?;:]{{0,220}}?[,:] (?:then |and )?)?"
# and without one
SHORT_OPENING = (
    r"(?:(?:(?:when|if|with|in|for|at|where|after|before|even)\b[^.,!?;:]{3,90}?|so|then|therefore|thus|and|but) )?"
)
# what stands before a colon or a full stop and says that no rule follows
NO_RULE = any_of(
    r"""
    (?:(?:good|bad|better|worse|poor|wrong|right|counter-?)?[_-]?)examples? good bad sample for_instance e\.g user
    human  customer client guest caller person student bot ai q a question answer notes? owner history status
    sources?  see(?:_also)? contact to-?do version (?:next|last)_\w+
    reviewed approved name role scope audience background
    context reason  why rationale commentary comment definition incident anti-?patterns? evidence argument on_\w+
    consequences
    """
)
# a title before the sentence: "Default: answer", "Birthday cakes: ask for the date"
LABEL = rf"(?:(?!{NO_RULE}\b)[^\W\d_][\w'\u2019/ -]{{0,40}}(?: ?\([^()]{{1,30}}\))?(?:: | \u2013 | \u2014 ))?"
_ADVERB = any_of(
    r"""
    also therefore then thus always never ever only first still simply often usually normally instead rather just so
    \w+ly
    """
)
_ADVERBS = rf"(?:{_ADVERB},? )*"
# not conduct, though "should" stands before it: what happens to the assistant, what it has or can
_BY_OTHERS = (
    r"(?:be|been|get)(?: \w+ly)? (?:(?!ashamed|convinced|reserved|relaxed|composed|tired|prepared|measured|concerned|"
    r"biased|satisfied|interested|tempted)\w+ed|built|made|run|read|given|taken|seen|shown|told|kept|found|sent|held|put|able|"
    r"available|written|understood|chosen|known)\b"
)
_CAPACITY = any_of(
    r"""
    know see remember learn store exist work run apply include cover mean matter happen become need contain cost
    """
)
NO_CONDUCT = rf"(?:{_BY_OTHERS}|have (?:\w+(?:ed|n)|access|been|had|the ability|any|an?|no)\b|{_CAPACITY}\b)"
_MODAL = any_of(
    r"""
    must(?:n['\u2019]t)? should(?:n['\u2019]t)? shall may ought(?:_not)?_to needs?_to has_to have_to is_(?:not_)?to
    (?:is|are)_(?:not_)?(?:expected|allowed|required|free)_to do(?:es)?(?:_not|n['\u2019]t)
    will_(?:not|never|always)  won['\u2019]t would_(?:never|not) tries_to never always avoids? refuses? declines?
    prefers?
    """
)
# "never bluffs", "should ask first": a rule by its own words
STRONG = (
    rf"(?:(?:would|['\u2019]d) rather \w|{_ADVERBS}{_MODAL}(?: not| never| always| only| also| still| first)* "
    rf"(?!{NO_CONDUCT})\S)"
)
# what something is or has, where it is, and what happens to it
_STATES = any_of(
    r"""
    is was has does runs works lives sits belongs comes consists contains covers costs starts gets receives sees
    knows  means exists supports seems appears looks feels sounds depends matters applies happens operates replaces
    includes  becomes takes_(?:about|time|ages|hours|days|\d) goes makes_(?:it|for|sense) remains needs derives
    stems launches  requires this its his ends turns_(?:out|into|\d) rains stands holds results reflects
    reads_as follows_from helps_(?:people|customers|users|staff|our|us|them|visitors|to|that)
    """
)
_NO_QUALITY = any_of(
    r"""
    an? the our your my one in on at for now not available based part able about called named live there where what
    why  how who only also currently here used meant made built run known its his her their this that important true
    best  better fine ok hard easy likely worth because clear_that \w+ed \w+ing
    """
)
# "asks first", "is patient": a rule where nothing speaks against it
WEAK = (
    rf"(?:{_ADVERBS}(?!{_STATES}\b)[a-z]+[^\Ws]s\b|{_ADVERBS}will (?!be\b)(?!{NO_CONDUCT})\w|"
    rf"is (?:not |never |always )?(?!{_NO_QUALITY}\b)[a-z])"
)
_NOT_AFTER_YOU = any_of(
    r"""
    are have were will can could may might would find see think want wish get had and two who don do just need
    people all  or asked said ask
    """
)
WEAK_AFTER_YOU = rf"(?!{_NOT_AFTER_YOU}\b)[a-z]+ \w"
VERBS = any_of(
    r"""
    accept acknowledge act adapt add address adjust admit adopt advise aim allow answer apologi[sz]e apply approve
    argue  ask assess assist assume attribute avoid balance base be begin bring build calculate call care check
    choose cite  clarify close collect come comfort commit communicate compare complete comply compliment confirm
    congratulate connect  consider consult continue convert copy correct counter credit cut date decide decline
    default defer define delete  deliver demonstrate describe direct disagree disclose discourage discuss
    distinguish divert document double-check  downplay draft draw drop edit emphasi[sz]e encourage end engage ensure
    err escalate establish estimate evaluate  examine exercise explain explore express fetch find finish flag focus
    follow forward frame gather get give greet  guard guess guide hand hear hedge help hide highlight hold honou?r
    identify ignore include inform insist interrupt  introduce invite involve judge keep label lead lean learn leave
    let lie limit link list listen look lower make mark  match measure mention mind minimi[sz]e mirror model move
    name notice notify obey observe obtain offer omit open pass  pause phrase pick place plan point praise prefer
    prepare present preserve pretend prevent prioriti[sz]e proceed  promote prompt propose protect provide push put
    quote raise read reassure recogni[sz]e recommend record redirect  refer reflect refrain refuse reject rely
    remain remember remind remove repeat rephrase reply report represent request  resist respect respond rest
    restate return reveal reword round route run rush save say seek send separate serve set  share shout show sign
    simplify skip slow soften sound speak spell split spread stand start state stay steer step  stick stop stress
    strive suggest summari[sz]e supply support switch take talk teach tell test thank think treat trim  trust try
    turn understand use verify wait walk warn watch weigh welcome withhold work wrap write
    """
)
# a verb that is a noun here ("Questions of ..."), or an aside to the reader ("Remember that ...")
_NO_ORDER = (
    r"(?!\w+ (?:of|is|are|was|were|has|have|from|goes?|should|must|shall|may|version)\b)"
    r"(?!\w+ (?!what|who|that|where|when|why|how|if|it|there|you)\w+ (?:is|are|was|were|has|have|had|did)\b)"
    # "Help given out of fear ends", "Trust takes years", "Draft 4 dropped it"
    r"(?!(?!stay|keep|remain|be|get|stand|sound|act|leave)\w+ (?:\w+ed|given|made|taken|done|shown|told|written|sent|"
    r"kept|held) (?:out|by|at|in|from|on|with|without|to|for|under|before|after|as)\b)"
    r"(?!\w+ (?:comes|takes|makes|lasts|grows|brings|beats|travels|hurts|pays|gets|leads|requires|becomes|depends)\b)"
    r"(?!(?:care|talk|work|rest) \w+s\b)"
    r"(?!\w+ \d+ (?:\w+ed|had|was|is|has|did|came|went)\b)"
    r"(?!thank you|work in|(?:remember|consider|understand|keep in mind|bear in mind)(?: that\b|,)|let (?:me|us) know)"
    r"(?!draft for)"
)
# after "I", where the assistant itself speaks
I_DO = (
    rf"(?:{_ADVERBS}(?!{NO_CONDUCT}|(?:work|come|think|put|cut|set|read|let)\b){VERBS}\b|"
    r"(?:love|like|enjoy|hate|dislike) \S|"
    r"['\u2019]m (?:not )?(?:allowed|expected|required) to|am (?:not )?(?:allowed|expected|required) to)"
)
NEGATIVE = any_of(r"never do_not don['\u2019]?t(?:_ever)? must_(?:not|never) should_not shall_not may_not not_to")
_BEFORE_ORDER = any_of(
    r"""
    please also just then do always must should only and simply try_to generally usually politely briefly clearly
    gently  kindly calmly carefully explicitly immediately proactively first
    """
)
_TO_THE_READER = r"(?!please (?:tell|let|ask|send|write to|contact|ping|talk to) (?:me|us|(?-i:[A-Z])\w+)\b)"
ORDER = rf"{_TO_THE_READER}(?:{_BEFORE_ORDER},? )*(?:{NEGATIVE} \w|{_NO_ORDER}{VERBS}(?=[ ,;.]))"
# "Tells the truth": of a list whose subject stands above it; no plural of a noun is among these
THIRD_PERSON = any_of(
    r"""
    accepts admits apologi[sz]es asks avoids cites confirms corrects declines defers dislikes
    do(?:es)?(?:_not|n['\u2019]t)  encourages enjoys explains gives hates keeps leaves lets likes listens loves
    makes mentions names never prefers  protects puts reads redirects refuses remembers reminds respects responds
    says speaks starts stays stops suggests  takes tells thanks treats tries uses waits warns writes will_not
    won['\u2019]t
    """
)
# a case that is told, or an example
_SOMEBODY = any_of("customer user caller guest person reader student man woman girl boy")
SCENE = (
    r"(?:for example|for instance|e\.g\.|example|sample|suppose|imagine|picture|consider (?:a|the|this|how)|"
    r"say (?:an?|that a)|take (?:a|the case)|last (?:\w+ )?(?:year|spring|summer|autumn|winter|month|week)|"
    rf"in (?:19|20)\d\d|once,|one (?:day|time|of)|an? {_SOMEBODY}\b[^.]* (?:asked|said|wrote|told|asks|says|writes))\b"
)
# of the text itself, or to those who keep it
_TEXTS = any_of(
    r"""
    document spec(?:ification)? page text section list policy charter standard guidelines? rules? guide handbook
    constitution repo(?:sitory)? file readme notes? table appendix article manual playbook terms
    """
)
OF_THE_TEXT = (
    rf"\bth(?:is|ese) {_TEXTS}\b"
    r"|\bthe (?:document|spec(?:ification)?|policy|charter|constitution|standard)\b"
    r"|\b(?:listed|described|stated|given|shown|everything|rules?|sections?|table) (?:below|above)\b"
    r"|\b(?:open|file|raise) (?:an? )?(?:issues?|tickets?|PRs?|pull requests?)\b|\bpull requests?\b"
    r"|^(?:see|contact|e-?mail) |\b(?:extension|slack)\b"
    r"|\b\d[\d,.]*\b.{0,60}\b(?:a|per|each|every) (?:day|week|month|year)\b"
)
