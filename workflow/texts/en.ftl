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

### Mails

mail-moment = { mail-weekday }, { date-instant }
mail-weekday =
    { $weekday ->
        [1] Monday
        [2] Tuesday
        [3] Wednesday
        [4] Thursday
        [5] Friday
        [6] Saturday
       *[7] Sunday
    }
mail-some-certificate = a certificate
mail-names-in-short = { $name } and { $more } more
mail-more-lines = and { $more } more
mail-names = Names
mail-subject = Subject
mail-key = Key
mail-profile = Profile
mail-code = Code
mail-asked-on = Asked on
mail-decide-by = Decide by
mail-requester = Requester
mail-valid-until = Valid until
mail-serial = Serial
mail-severity-refused = Refused
mail-severity-warning = Look twice
mail-severity-ignored = Not granted
mail-button-fails = If the button does not work, open this address:
mail-signature = Countersign, request { $id }
mail-you-wrote = You wrote
mail-they-wrote = { $person } wrote
mail-see-standing = See how it stands
mail-see-request = See this request
mail-ask-again = Ask again

mail-received-subject = We have your request for { $names }
mail-received-heading = Your request has arrived
mail-received = Thank you. An approver looks at it next. You get a mail as soon as it is decided; until then you need do nothing. This is what we understood:
mail-received-until = Thank you. An approver looks at it next and has until { $until }. You get a mail as soon as it is decided; until then you need do nothing. This is what we understood:
mail-received-wrong = Is a name missing or wrong? Send a new request, and tell your approvers to reject this one.
mail-received-not-you = Did you not ask for a certificate? Please tell whoever approves them where you work.

mail-waiting-subject = Your request for { $names } still waits
mail-waiting-heading = Your request still waits for approval
mail-waiting = Nobody has decided on it yet, and the approvers were reminded today. You need do nothing; if it is urgent, talk to one of them.
mail-waiting-until = Nobody has decided on it yet, and the approvers were reminded today. They have until { $until }. You need do nothing; if it is urgent, talk to one of them.
mail-waiting-withdraw = You need it no longer? Then withdraw it on the page that the button opens.

mail-refused-subject = Your request for { $names } was refused
mail-refused-heading = Your request cannot be granted as it is
mail-refused-no-reason = The policy does not allow it.
mail-refused = The policy does not allow it. Below is everything that was found, and what to do instead.
mail-refused-closed = This request is closed; a new one is welcome.
mail-refused-closed-until-right = This request is closed. Once the points above are put right, a new one is welcome.

mail-withdrawn-subject = Your request for { $names } was withdrawn
mail-withdrawn-heading = You withdrew your request
mail-withdrawn = The approvers need not decide any more, and no certificate is issued.
mail-withdrawn-not-you = Was it not you? Then somebody has the link to your request: please tell your operators.

mail-rejected-subject = Your request for { $names } was rejected
mail-rejected-heading = Your request was rejected
mail-rejected = An approver looked at it and said no.
mail-rejected-reason = The reason
mail-rejected-no-reason = An approver looked at it and said no, without giving a reason.
mail-rejected-closed = This request is closed. If the reason can be put right, or you think this is a mistake, talk to your approvers and send a new one.

mail-expired-subject = Nobody decided on your request for { $names }
mail-expired-heading = Your request has expired
mail-expired = Nobody decided on it in time, so it is closed. That says nothing against what you asked for.
mail-expired-until = Nobody decided on it by { $until }, so it is closed. That says nothing against what you asked for.
mail-expired-before = Before you ask again, please tell an approver that you wait.

mail-failed-subject = Your request for { $names } is held up
mail-failed-heading = Something broke on our side
mail-failed = We are sorry: your request could not be finished. It is nothing you did, and you need do nothing. Our operators have been told and are looking at it.
mail-failed-urgent = If it is urgent, quote the number of the request at the end of this mail when you ask.

mail-overview-subject = Your certificates
mail-overview-heading = Your certificates and requests
mail-overview = Somebody, most likely you, asked for the list of the certificates of this address. The link works until { $until }.
mail-overview-show = Show my certificates
mail-overview-not-you = Was it not you? Then there is nothing to do: only this mail leads to the list.

mail-issued-subject = Your certificate for { $names }
mail-issued-heading = Your certificate is ready
mail-issued = Your request was approved. The attached certificate.zip holds the certificate, the CA that issued it, and a README.txt that says how to install and test it.
mail-issued-see = See your request
mail-issued-again = Download certificate.zip again
mail-issued-next = Ask for the next certificate some weeks before this one ends.
mail-issued-key = The private key stays where you made it: it was never sent to us, and nobody will ask you for it.

mail-decide-subject = Please decide: { $names } for { $person }
mail-decide-heading = A certificate waits for your decision
mail-decide = { $person } asks for this certificate. Open the link to see the whole request, then approve or reject it. Opening it decides nothing yet.
mail-remind-subject = Reminder: { $names } for { $person } waits for your decision
mail-remind-heading = A certificate still waits for your decision
mail-remind = { $person } asked for this certificate on { $asked }, and nobody has decided yet. Open the link to see the whole request, then approve or reject it. Opening it decides nothing yet.
mail-review = Review and decide
mail-link-is-yours = The link is yours alone and decides in your name: please do not forward this mail.
mail-unexpected = Is the request, or one of its names, unexpected? Then ask the requester, or reject it.
