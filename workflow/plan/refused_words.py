"""The words of what is refused: writes, SQL, arguments with the rules, personal details, other
languages."""

from workflow.plan.grammar import words

WRITE_VERBS = words(
    """delete update drop insert alter truncate grant revoke remove change modify edit set write
    rename overwrite purge wipe erase cancel refund create add replace merge correct adjust clear
    destroy reset empty clean flush"""
)
# What may stand before a verb that is a wish ("please delete", "I want you to drop").
BEFORE_A_WISH = words(
    """please could would you want need to and then now just kindly let lets us also , . ; ! : -
    ahead must should"""
)
# What one may wish to "create" or "write" without changing any data.
DISPLAYS = words(
    "chart graph report table list plot summary overview dashboard diagram breakdown me"
)
INJECTIONS = (
    r"\b(ignore|disregard|forget|override|bypass|overrule)\b.{0,40}"
    r"\b(instruction|rule|prompt|restriction|scope|guardrail|polic|filter|permission|above"
    r"|previous|limit|security|access)",
    r"\b(system|developer)\s+(prompt|message|instruction)",
    r"\b(you are|act as|pretend|behave as|role ?play)\b.{0,40}"
    r"\b(now|admin|administrator|root|developer|unrestricted|if|superuser)\b",
    r"\b(jailbreak|dan mode|developer mode|god mode|sudo)\b",
    r"</?\s*(system|user|assistant|instruction|script|prompt)",
    r"\b(as|like|were|am|i'm)\s+(an?|the)?\s*(admin|administrator|superuser|root)\b",
)
SQL = (
    r"\bselect\s+(distinct\s+)?[\w.\"*]+(\s*,\s*[\w.\"*]+)*\s+from\b",
    r"\bselect\s+(distinct\s+)?\w+\s*\(",
    r"\bunion\s+(all\s+)?select\b",
    r"\b(drop|alter|create|truncate)\s+"
    r"(table|view|database|schema|role|user|index|function)\b",
    r"\binsert\s+into\b",
    r"\bdelete\s+from\b",
    r"\bupdate\s+\w+\s+set\b",
    r"\bwhere\s+\d+\s*=\s*\d+",
    r";\s*--",
    r"'\s*or\s+'?\d",
    r"\bpg_\w+\s*\(",
    r"\binformation_schema\b",
    r"\bgroup\s+by\b.+\bhaving\b",
    r"/\*.*\*/",
    r"\bor\s+1\s*=\s*1\b",
    r"\bcount\s*\(\s*\*\s*\)",
    r"\bcopy\b.+\bto\s+program\b",
)

# What is asked of people and is never in a masked source.
PERSONAL_WISHES = """email, emails, e mail, e mails, mail address, email address, email addresses,
    mail addresses, phone, phones, phone number, phone numbers, telephone, telephone number,
    telephone numbers, mobile number, home address, home addresses, address, addresses, street,
    postcode, postal code, zip code, full name, full names, real name, real names, last name, last
    names, first name, first names, surname, surnames, unmasked, birthday, birthdays, date of
    birth, credit card, card number, bank account, contact details, contact information, password,
    passwords, api key, api keys, secret key, salary, salaries, personal data, personal details"""

# Function words of other languages that are not English words.
FOREIGN = words(
    """wie viel viele welche welcher welches der das und nicht ist sind wird wurde umsatz zeige
    kunden im mit gesamt bitte quel quelle quels combien les des est sont avec pour dans montre
    chiffre cual cuál cuanto cuánto cuantos cuántos cuantas qué que el los las del una por para
    ventas ingresos mostrar quanto quanti quale il della delle qual quantos quantas receita vendas
    hoeveel wat het een van omzet mostra"""
)
