# Every word that people read, in English. The other files say the same, id for id (workflow/tests/texts.rs).
# Values from outside stand as { $name }; <code> and <strong> are marks for pages (portal/src/pages.rs) and only there.

## The language and its dates

language-name = English
date-month =
    { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    }
date-day = { $day } { date-month } { $year }
date-instant = { date-day }, { $time } UTC
