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

## Words that stand in several places

days =
    { $days ->
        [one] { $days } day
       *[other] { $days } days
    }
none = none
list-separator = {", "}
usage-server = TLS server
usage-client = TLS client
usage-digital-signature = digital signature
usage-key-encipherment = key encipherment
usage-key-agreement = key agreement
# Where a request stands, within a sentence; its variants are the statuses of the table.
status-in-words =
    { $status ->
        [submitted] being checked
        [pending_approval] waiting for approval
        [approved] approved and being signed
        [issued] issued
        [delivered] delivered
        [refused] refused
        [rejected] rejected
        [expired] expired
        [failed] stopped by a fault on our side
       *[revoked] revoked
    }
# What votes and clock together said, within a sentence.
outcome-in-words =
    { $outcome ->
        [approved] approved
        [rejected] rejected
       *[expired] expired
    }

## Pages: what surrounds them

page-skip = Skip to the content
page-navigation = Site
page-new-request = New request
page-ca-certificate = CA certificate
page-footer = A certificate needs two people: one who asks, and one who approves.
remark-refused = Not allowed
remark-warning = Look twice
remark-ignored = Left out

## Pages: the form

form-title = Ask for a certificate
form-lead = Send a certificate signing request. An approver looks at it, and the certificate comes to you by mail.
form-several-wrong =
    { $count ->
        [one] { $count } thing to put right
       *[other] { $count } things to put right
    }
form-email = Your e-mail address
form-email-hint = The certificate is sent here.
form-csr = Certificate signing request
form-csr-hint = Paste the text that begins with <code>-----BEGIN CERTIFICATE REQUEST-----</code>, or choose the file. Keep your private key to yourself.
form-file = Or choose a file
form-profile = What is it for?
form-comment = Comment for the approver
form-comment-hint = What runs there, and why it needs a certificate.
form-optional = optional
form-send = Send the request
form-check = Check it first
form-private-key-title = This is a private key
form-private-key-text = It was not sent. Keep it to yourself, and paste its certificate signing request instead.
form-help = How do I make a certificate signing request?
form-help-where = On the machine that will use the certificate, with your own names:
form-help-send = Send <code>request.csr</code>. Keep <code>key.pem</code> where it is: nobody else ever needs it.
preview-title = This is what you would get
preview-valid-for = Valid for
preview-valid-profile = { days }, profile { $profile }
preview-allowed = The policy allows it; an approver decides.
preview-nothing-sent = Nothing has been sent yet.

## Pages: facts about a request

fact-names = Names
fact-subject = Subject
fact-key = Key
fact-use = Use
fact-profile = Profile
fact-by = By
fact-comment = Comment
fact-serial = Serial
fact-valid-until = Valid until
fact-request = Request
fact-asked = Asked
fact-public-key-digest = Public key, SHA-256
fact-request-digest = Request, SHA-256
fact-request-number = Request number

## Pages: where a request stands

status-submitted = We are checking your request
status-submitted-text = This takes a few seconds. You will have a mail with a link to this page.
status-pending = Waiting for approval
status-pending-text = The approvers have been asked by mail. You will have a mail as soon as they decide.
status-pending-until-text = The approvers have been asked by mail. They have until { $until }. You will have a mail as soon as they decide.
status-approved = Approved, now being signed
status-approved-text = This takes a few seconds.
status-ready = Your certificate is ready
status-issued-text = It is also on its way to you by mail.
status-delivered-text = It has also been sent to you by mail.
status-refused = The policy does not allow this request
status-refused-text = What is wrong, and what to do about it, is below. You can correct it and ask again.
status-rejected = The request was rejected
status-rejected-text = You can talk to your approvers, and ask again.
status-expired = Nobody decided in time
status-expired-text = You can ask again. It helps to tell an approver that you are waiting.
status-failed = Something broke on our side
status-failed-text = The operators have been told and will look at it. You need not do anything.
status-revoked = The certificate was revoked
status-revoked-text = Please do not use it any more.
status-download-zip = Download certificate.zip
status-download-pem = Certificate only (PEM)
status-why = Why
status-found = What was found
status-ask-again = Ask again
status-so-far = So far
status-to-come = to come
status-asked-for = What was asked for
status-keep-link = Keep the link to this page: it is how you come back to your request. Whoever has it can see the request and the certificate.
event-submitted = Received
event-pending = Approvers asked
event-approved = Approved
event-issued = Signed
event-delivered = Sent by mail
event-refused = Refused
event-rejected = Rejected
event-expired = Expired
event-failed = Stopped
event-revoked = Revoked

## Pages: the review

review-title = Approve a certificate
review-question = Issue this certificate?
review-the-request = The request
review-asks = <strong>{ $requester }</strong> asks for it, profile <strong>{ $profile }</strong>.
review-asks-valid = <strong>{ $requester }</strong> asks for it, valid { days }, profile <strong>{ $profile }</strong>.
review-no-comment = No comment was given.
review-would-refuse = The policy in force would not let this be signed, even if you approve:
review-allowed = The policy allows it.
review-allowed-nothing-unusual = The policy allows it, and nothing unusual was found.
review-live =
    { $count ->
        [one] A certificate is in use for the same names or key:
       *[other] { $count } certificates are in use for the same names or key:
    }
review-same-key = same key
review-live-one = for { $email }, until { $until }
review-have-approved = You have approved. { review-approvals }
review-approvals = { $approvals } of { $quorum } approvals are there.
review-reason = Reason
review-reason-hint = If you reject, the requester reads this.
review-approve = Approve
review-reject = Reject
review-you-decide = You decide as { $approver }, until { $until }.
review-decisions = Decisions so far
review-vote-approved = <strong>{ $approver }</strong> approved { $at }
review-vote-rejected = <strong>{ $approver }</strong> rejected { $at }
review-details = All details
review-no-usages = none granted
review-approved = Approved
review-standing-text = The request is { status-in-words }.
review-rejected = Rejected
review-rejected-text = The request was rejected; no certificate is issued.
review-expired = Expired
review-expired-text = The request was not decided in time.
review-ended = Nothing to decide
review-thanks-approved-text = Thank you. The certificate is being signed and mailed to the requester.
review-thanks-recorded = Your approval is recorded
review-thanks-recorded-text = Thank you. Another approver has to approve, too.
review-thanks-rejected-text = Thank you. The requester is told, with your reason if you gave one.

## What goes wrong: in short, one for each code

title-not-a-csr = Not a certificate signing request
title-private-key-submitted = A private key was submitted
title-too-large = Too large
title-bad-signature = The request is not signed by its own key
title-unsupported-key = A kind of key that is not certified here
title-weak-key = The key is too weak
title-weak-signature = The request is signed with a broken digest
title-bad-name = A name is not valid
title-forbidden-extension = Something in the request may not be asked for
title-name-not-allowed = A name is not allowed
title-unknown-profile = There is no such profile
title-bad-email = The e-mail address cannot be used
title-missing-field = Something is missing
title-bad-request = We could not read that
title-not-found = Not found
title-already-decided = Already decided
title-expired = The time to decide is over
title-try-again = Please try again

## What goes wrong: in full. In English these are also the `detail` of the JSON answers.

problem-error = Error { $status }.
problem-no-such-page = There is nothing at this address.
problem-no-such-link = This link does not open anything. Please open it again from the mail, whole, up to its last character.
problem-not-answered = Something we depend on did not answer. Nothing was lost; please try again in a moment.
problem-try-again = Please try again.
problem-method = This address does not take { $method }.
problem-content-type = The Content-Type must be application/json, application/x-www-form-urlencoded or multipart/form-data.
problem-too-large = The body is larger than { $bytes } bytes. Send the request alone.
problem-broke-off = The body broke off. Please send it again.
problem-no-object = The body is { json-kind }; a JSON object is needed.
problem-no-json = The body is no JSON: see line { $line }, column { $column }.
problem-unreadable-form = The form could not be read. Please send it again.
json-kind =
    { $kind ->
        [null] null
        [boolean] a boolean
        [number] a number
        [string] a string
        [array] an array
       *[object] an object
    }
problem-no-zip = The zip cannot be made at the moment. Please try again, or download the PEM file.
problem-no-ca = There is no certificate authority here yet. An operator has to set one up first.
problem-no-certificate = There is no certificate to download: the request is { status-in-words }.
problem-no-certificate-yet = There is no certificate yet: the request is { status-in-words }.
problem-unreadable-certificate = The certificate could not be read. Please try again in a moment.
problem-still-being-read = The request is still being read. Please try again in a moment.
problem-cross-site = This decision was sent from another site. Please open the link from the mail and decide there.
problem-ended = The request has ended meanwhile: it is { status-in-words }.
problem-already-decided = The request is already { outcome-in-words }; that stands.
problem-decided-otherwise = You have decided otherwise before; that stands.
problem-stale = What you decided about is not what is asked for now. Please look at the request again and decide then.
problem-expired = This request was not decided in time, so there is nothing to decide any more. The requester has been told, and may ask again.
problem-withdrawn = The requester has withdrawn the request; there is nothing to decide any more.
problem-cancel-cross-site = This was sent from another site. Please open your request from the mail and withdraw it there.
problem-cancel-too-early = The request is still being checked. Please try again in a moment.
problem-cancel-too-late = The request cannot be withdrawn any more: it is { status-in-words }.
problem-no-overview = This link does not open anything, or not any more: it works for an hour. Please ask for a new one.

## Pages: more about the review

review-unusual = New or unusual
review-reason-when = needed for a rejection
review-lacking =
    { $approvals ->
        [one] { $approvals } approval of { $group } is lacking.
       *[other] { $approvals } approvals of { $group } are lacking.
    }
review-withdrawn = Withdrawn
review-withdrawn-text = The requester has withdrawn the request; there is nothing to decide any more.
unusual-first = Nobody has asked for this before: { $names }.
unusual-wildcard = { $name } is good for every name directly below { $parent }.
unusual-known-key =
    { $count ->
        [one] The key was in an earlier request, of { $of }.
       *[other] The key was in { $count } earlier requests, of { $of }.
    }
unusual-looks-like = { $name } looks like { $other }, which others have asked for.

## Pages: withdrawing, my certificates, commands

status-cancel = Withdraw the request
status-cancel-text = The approvers then need not decide any more, and no certificate is issued. You can ask again at any time.
status-cancel-button = Withdraw it
mine-title = My certificates
mine-lead = Enter your e-mail address. A link to all your certificates and requests comes to you by mail.
mine-send = Send me the link
mine-sent = Look into your mailbox
mine-sent-text = If there are requests of { $email }, a link to them is on its way. It works for an hour.
mine-live = In use
mine-waiting = Under way
mine-ended = Ended
mine-until = until { $until }
mine-asked = asked { $at }
mine-open = See the request
mine-keep = This page opens for an hour. Whoever has its address can see what you see.
commands-title = Commands for a signing request
commands-lead = They make a private key and a certificate signing request (CSR) on the machine that will use the certificate.
commands-names = Names
commands-names-hint = The names of the machine, with spaces between them, such as www.example.com example.com 10.0.0.1.
commands-write = Write the commands
form-commands = Write the commands for my names
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
