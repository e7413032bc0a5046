# 画面やメールで使うすべての文言(日本語)。IDと値は en.ftl とすべて一致させること(workflow/tests/texts.rs)。

## 言語名と日付

language-name = 日本語
date-month = { $month }月
date-day = { $year }年{ date-month }{ $day }日
date-instant = { date-day } { $time } UTC
