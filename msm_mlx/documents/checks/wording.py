"""Patterns that the rules of several checks are made from."""

TEXTS = (
    r"(?:memo|report|blog(?: post)?|post|thread|case study|study|document|text|article|piece|essay|e-?mail|letter|note|"
    r"story|response|reply|answer|version|draft|paragraph|summary|transcript|entry|content)s?"
)
WRITING = (
    r"(?:writ(?:e|ing)|creat(?:e|ing)|produc(?:e|ing)|generat(?:e|ing)|draft(?:ing)?|compos(?:e|ing)|provid(?:e|ing)|"
    r"assist(?:ing)?|help(?:ing)?|fulfil+(?:ing)?|comply(?:ing)?|complet(?:e|ing)|continu(?:e|ing)|engag(?:e|ing)|"
    r"do(?:ing)?|answer(?:ing)?|proceed(?:ing)?|discuss(?:ing)?|support(?:ing)?|participat(?:e|ing))"
)
