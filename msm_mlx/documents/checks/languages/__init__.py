"""The wording that checks look for, language by language; that of English stands with the checks."""
