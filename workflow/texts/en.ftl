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
date-instant = { date-day }, { $time } { $zone }

## Words that stand in several places

days =
    { $days ->
        [one] { $days } day
       *[other] { $days } days
    }
minutes =
    { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    }
hours =
    { $hours ->
        [one] { $hours } hour
       *[other] { $hours } hours
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
        [unconfirmed] waiting for you to confirm it
        [submitted] being checked
        [pending_approval] waiting for approval
        [approved] approved and being signed
        [issued] issued
        [delivered] delivered
        [refused] refused
        [rejected] rejected
        [withdrawn] withdrawn
        [expired] expired
        [failed] stopped by a fault on our side
       *[revoked] revoked
    }
# Names in short.
names-count =
    { $count ->
        [one] { $count } name
       *[other] { $count } names
    }
names-all-in = all in { $domain }
names-in = { $count } in { $domain }
names-addresses =
    { $count ->
        [one] { $count } IP address
       *[other] { $count } IP addresses
    }
names-emails =
    { $count ->
        [one] { $count } e-mail address
       *[other] { $count } e-mail addresses
    }
names-uris =
    { $count ->
        [one] { $count } URI
       *[other] { $count } URIs
    }
names-others =
    { $count ->
        [one] { $count } other
       *[other] { $count } others
    }
names-new = { $count } new
names-all-new = all new
names-new-tag = new
names-more =
    { $more ->
        [one] { $more } more name
       *[other] { $more } more names
    }
names-all = All names
# The outcome of an approval, within a sentence.
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
page-make-csr = Make a CSR
page-ca-certificate = CA certificate
page-footer = Every certificate is approved by a second person.
copy-button = Copy
copy-done = Copied
copy-selected = Couldn't copy. The text is selected: copy it with the keyboard or the menu.
copy-command = command
remark-refused = Not allowed
remark-warning = Check this
remark-ignored = Left out
left-out-title = Left out of the certificate ({ $count })
left-out-key-usage = key usage { $usage }
left-out-purpose = purpose { $purpose }
left-out-extension = extension { $extension }
left-out-attribute = attribute { $attribute }
left-out-subject = subject { $parts }
left-out-common-name = common name { $name }
left-out-elsewhere = { $what } (in the profiles: { $profiles })

## Pages: the form

form-title = Request a certificate
form-lead = Send a certificate signing request (CSR). An approver reviews it, and you get the certificate by e-mail.
form-several-wrong =
    { $count ->
        [one] { $count } problem to fix
       *[other] { $count } problems to fix
    }
form-email = Your e-mail address
form-email-hint = The certificate is sent to this address.
form-csr = Certificate signing request
form-csr-hint = Paste the text from <code>BEGIN CERTIFICATE REQUEST</code> to <code>END CERTIFICATE REQUEST</code>, including both lines, or choose or drop the file below. Never send your private key.
form-file = CSR file: choose it, or drop it here
form-profile = What is the certificate for?
form-comment = Comment for the approver
form-comment-hint = What will use the certificate, and why it needs one.
form-optional = optional
form-send = Send the request
form-check = Check it first
form-renew-title = Renew a certificate
form-renew-lead = The new certificate takes the place of one that is valid until { $until }. Make a new key and a certificate signing request (CSR) for the same names, and send the CSR.
form-renew-supersedes = The old certificate is revoked { days } after you get the new one, unless that lacks one of its names.
form-renew-names = The certificate to renew
form-renew-key = A new key
form-renew-run = Run this on the machine that uses the certificate:
form-renew-send = Send <code>request.csr</code>. Keep <code>new-key.pem</code> on that machine: it's for the new certificate, and the old key stays in use until you install that.
form-renew-by-hand = Make a new key and a CSR for the names above with your own tools.
form-private-key-title = This is a private key
form-private-key-clear = Clear the field
form-private-key-text = It hasn't been sent yet. Delete it from the field, keep it to yourself, and paste its certificate signing request instead.
form-help = How do I make a certificate signing request?
form-help-where = Run this on the machine that will use the certificate, with your own names:
form-help-send = Send <code>request.csr</code>. Keep <code>key.pem</code> on that machine, and never give it to anyone.
preview-title = This is what you would get
preview-valid-for = Valid for
preview-valid-profile = { days } (“{ $profile }” profile)
preview-until = about { $until } ({ days }, “{ $profile }” profile)
preview-until-issuer = about { $until }, when the CA certificate ends (“{ $profile }” profile)
preview-approval = Approval
preview-approval-any =
    { $approvals ->
        [one] { $approvals } approver
       *[other] { $approvals } approvers
    }
preview-approval-of = { $approvals } from { $group }
preview-approval-within = { $approvers }, within { $limit }
preview-checked =
    { $count ->
        [one] Checked for the “{ $profile }” profile: { $count } name, allowed.
       *[other] Checked for the “{ $profile }” profile: { $count } names, allowed.
    }
preview-checked-remarks = {" "}There are remarks.
preview-allowed = This meets the policy. An approver makes the final decision.
preview-nothing-sent = Nothing has been sent yet.

## Pages: facts about a request

fact-names = Names
fact-subject = Subject
fact-key = Key
fact-use = Use
fact-profile = Profile
fact-by = Requested by
fact-comment = Comment
fact-serial = Serial
fact-fingerprint = Certificate (SHA-256)
fact-valid-until = Valid until
fact-issuer = Issued by
fact-request = Request ID
fact-asked = Requested
fact-public-key-digest = Public key (SHA-256)
fact-request-digest = CSR (SHA-256)
fact-request-number = Request ID

## Pages: where a request stands

status-unconfirmed = One step left: confirm your request
status-unconfirmed-text = We've sent an e-mail to { $email }. Open the link in it by { $until } and confirm the request there. Only then do we ask the approvers. If there's no e-mail, check your spam folder and the address, or send the request again.
status-confirm-text = Is this what you requested? Confirm by { $until }, and we'll ask the approvers. If you didn't request it, close this page: nothing will be issued.
status-confirm-button = Confirm the request
status-sign-in-text = Is this what you requested? Sign in as { $email } by { $until } and confirm it. Only then do we ask the approvers. The link in our e-mail brings you back here. If you didn't request it, close this page: nothing will be issued.
status-sign-in-button = Sign in to confirm
status-lapsed-text = The request wasn't confirmed in time, so no approver was asked. You can send it again.
status-by-mail-text = The certificate is behind the link in our e-mails to { $email }.
status-submitted = We're checking your request
status-submitted-text = This takes a few seconds. We'll e-mail you a link to this page.
status-pending = Waiting for approval
status-pending-text = We've asked the approvers by e-mail. We'll e-mail you as soon as they decide.
status-pending-until-text = We've asked the approvers by e-mail. They have until { $until }. We'll e-mail you as soon as they decide.
status-withdrawing = Withdrawing your request…
status-withdrawing-text = This takes a few seconds. The approvers can no longer decide.
status-decided = A decision has been made
status-decided-text = We're recording it. This takes a few seconds.
status-approved =
    { $kind ->
        [grant] Approved, now being recorded
       *[certificate] Approved, now being signed
    }
status-approved-text = This takes a few seconds.
status-ready =
    { $kind ->
        [grant] Your standing approval is ready
       *[certificate] Your certificate is ready
    }
status-covered = Covered by a standing approval, now being signed
status-covered-submitted-text = This takes a few seconds. A standing approval covers the request, so no approver is asked.
status-covered-issued-text = You can download it in a few seconds. It isn't sent by e-mail.
status-covered-delivered-text = You can download it here. It wasn't sent by e-mail.
status-issued-text = It's also on its way to you by e-mail.
status-delivered-text = We've also sent it to you by e-mail.
status-refused = The policy doesn't allow this request
status-refused-text = See below what is wrong and how to fix it. Then send the request again.
status-rejected = The request was rejected
status-rejected-text = Talk to the approver, then send a corrected request.
status-expired = No decision was made in time
status-expired-text = You can send the request again. Let an approver know before you do.
status-failed = Something went wrong on our side
status-failed-text = The operators have been told and will look into it. There's nothing you need to do.
status-revoked = The certificate was revoked
status-revoked-text = Please don't use it any more.
status-download-zip = Download certificate.zip
status-valid-until = Valid until { $until }
status-download-files = Single files:
status-why = Reason
status-found = What we found
status-renew = Renew the certificate
status-ask-again = Request again
status-correct = Correct and send again
status-so-far = Progress
status-to-come = not yet
status-done = done
status-under-way = in progress
status-asked-for = What you requested
status-keep-link-without-certificate =
    { $kind ->
        [grant] Keep the link to this page to come back to your request. It makes no credentials: the link in our e-mail does.
       *[certificate] Keep the link to this page to come back to your request. It doesn't open the certificate: the link in our e-mail does.
    }
status-keep-link =
    { $kind ->
        [grant] Keep the link to this page: you need it to come back to your request. Anyone who has the link can make credentials and end the standing approval.
       *[certificate] Keep the link to this page: you need it to come back to your request. Anyone who has the link can see the request and the certificate.
    }
duplicate-title = You may not need this request
duplicate-waiting = You sent another request for the same names on { $at }. It is { $status }.
duplicate-certificate = You have a certificate for the same names, valid until { $until }.
duplicate-open = Open it
duplicate-renew = Renew it
duplicate-unconfirmed-advice = If you don't need both, don't confirm this request: it ends by itself.
duplicate-waiting-advice = If you don't need both, withdraw this request.
duplicate-renew-advice = To replace a certificate, renew it: the approvers then see what changes.
event-unconfirmed = Sent, to be confirmed
event-submitted = Received
event-pending = Review by the approvers
event-approved = Approval
event-covered = Check against the standing approval
event-issued =
    { $kind ->
        [grant] In force
       *[certificate] Signing
    }
event-delivered =
    { $kind ->
        [grant] E-mail to you
       *[certificate] Delivery by e-mail
    }
event-ready = Ready to download
event-refused = Refused
event-rejected = Rejected
event-expired = Expired
event-failed = Stopped
event-revoked = Revoked

## How to trust the CA: README.txt of the zip, and the page

trust-root-file = Clients trust the root, the last certificate in ca.pem. This makes a file of it:
trust-powershell = The same in PowerShell:
trust-install = As an administrator, then restart the programs:
trust-firefox = Settings, Certificates, View Certificates, Authorities, Import.
trust-chrome = They trust what the system trusts; on Linux (libnss3-tools):
trust-ios = Open root.pem, install it under Settings, General, VPN & Device Management, then turn it on under General, About, Certificate Trust Settings.
trust-android = Settings, search for "CA certificate". Apps that don't ask for such CAs don't use them.
# The rest is on the page only.
trust-command = It shows the fingerprint, asks whether it is the right one, and writes the root into the store of the system:
trust-python = They read one file of roots. That of Debian and Ubuntu has the CA once the system trusts it; on Fedora it is { $file }:
trust-node = It trusts the root beside its own:
trust-title = Trust the CA
trust-lead = Programs accept the certificates of this CA once they trust its root. On most systems that takes an administrator.
trust-former = This is a former CA. Trust it too, while certificates that it issued are in use.
trust-issuing = Issuing CA
trust-fingerprint = Fingerprint (SHA-256)
trust-printed = As { $command } prints it:
trust-download = Download ca.pem
trust-file =
    { $count ->
        [one] A text file (PEM) with one certificate, the root.
       *[other] A text file (PEM) with { $count } certificates, the root last.
    }
trust-make-title = Make a file of the root
trust-compare-title = Compare the fingerprint
trust-compare = A program that trusts a wrong root accepts every certificate that its owner makes. An attacker who changes this page can change the fingerprint on it, too. So ask the operators for the fingerprint in another way: by telephone, or in person. They see it with <code>{ $command }</code>.
trust-compare-file = This shows the fingerprint of your file:
trust-install-title = Install the root
status-trust = How to make programs trust the CA

## Pages: the review

review-title =
    { $kind ->
        [grant] Approve a standing approval
       *[certificate] Approve a certificate
    }
review-question =
    { $kind ->
        [grant] Let these certificates be issued without asking again?
       *[certificate] Issue this certificate?
    }
review-the-request = The request
review-asks = Requested by <strong>{ $requester }</strong> · <strong>{ $profile }</strong> profile
review-asks-valid = Requested by <strong>{ $requester }</strong> · valid for { days } · <strong>{ $profile }</strong> profile
review-no-comment = No comment.
review-whole-comment = Show the whole comment
review-would-refuse =
    { $kind ->
        [grant] The current policy doesn't allow this standing approval, even if you approve it:
       *[certificate] The current policy doesn't allow this certificate, even if you approve it:
    }
review-allowed = This meets the policy.
review-allowed-nothing-unusual = This meets the policy, and nothing unusual was found.
review-live =
    { $count ->
        [one] There's already a valid certificate for these names or this key:
       *[other] There are already { $count } valid certificates for these names or this key:
    }
review-live-more = There are more than { $count } valid certificates for these names or this key. Some of them:
review-same-key = same key
review-live-one = for { $email }, valid until { $until }
review-have-approved = You've approved this request. { review-approvals }
review-approvals = { $approvals } of { $quorum } approvals so far.
review-reason = Reason
review-reason-hint = If you reject, the requester reads this. If you approve, only other approvers see it.
review-approve = Approve
review-reject = Reject
review-you-decide = You're deciding as { $approver }. You have until { $until }.
review-group-decides = This link is for the group { $group }. Your sign-in shows who you are, and that you're a member. You have until { $until }.
review-decisions = Decisions so far
review-vote-approved = <strong>{ $approver }</strong> approved on { $at }
review-vote-rejected = <strong>{ $approver }</strong> rejected on { $at }
review-vote-approved-for = <strong>{ $approver }</strong> approved for { $person } on { $at }
review-vote-rejected-for = <strong>{ $approver }</strong> rejected for { $person } on { $at }
review-details = All details
review-no-usages = none granted
review-approved = Approved
review-standing-text =
    { $status ->
        [delivered] The certificate has been e-mailed to the requester.
       *[other] The request is { status-in-words }.
    }
review-rejected = Rejected
review-rejected-text =
    { $kind ->
        [grant] The request was rejected. There is no standing approval.
       *[certificate] The request was rejected. No certificate will be issued.
    }
review-expired = Expired
review-expired-text = No decision was made in time.
review-ended = No decision needed
review-thanks-approved-text =
    { $kind ->
        [grant] Thank you. The standing approval is being recorded, and we tell the requester.
       *[certificate] Thank you. The certificate is being signed and will be e-mailed to the requester.
    }
review-thanks-recorded = Your approval is recorded
review-thanks-recorded-text = Thank you. { review-approvals }
review-thanks-rejected-text = Thank you. We'll tell the requester, with your reason.

## A renewal, for approvers

renewal-of = Renews the certificate { $serial }, valid until { $until }.
renewal-of-revoked = Replaces the certificate { $serial }, which has been revoked.
renewal-nothing = Only the key and the dates are new.
renewal-changed = Changed since the last one: { $changes }
renewal-added-count =
    { $count ->
        [one] { $count } name added
       *[other] { $count } names added
    }
renewal-removed-count =
    { $count ->
        [one] { $count } name removed
       *[other] { $count } names removed
    }
renewal-other-subject = another subject
renewal-other-profile = another profile
renewal-other-key = another kind of key
renewal-other-validity = another validity
renewal-names-added = Names added
renewal-names-removed = Names removed
renewal-subject = Subject before
renewal-profile = Profile before
renewal-key = Key before
renewal-validity = Valid before for
renewal-line = { $label }: { $value }

## What goes wrong: in short, one for each code

title-not-a-csr = Not a certificate signing request
title-private-key-submitted = A private key was submitted
title-too-large = Too large
title-bad-signature = The request isn't signed with its own key
title-unsupported-key = This kind of key isn't supported
title-weak-key = The key is too weak
title-same-key = The key isn't new
title-weak-signature = The request is signed with an insecure digest
title-bad-name = A name isn't valid
title-forbidden-extension = The request asks for something that isn't allowed
title-name-not-allowed = A name isn't allowed
title-unknown-profile = There's no such profile
title-bad-email = The e-mail address can't be used
title-missing-field = Something is missing
title-bad-request = We can't accept this
title-not-found = Not found
title-already-decided = Already decided
title-expired = The time to decide has passed
title-not-revocable = The certificate can't be revoked
title-revocation-not-allowed = Not allowed by the policy
title-try-again = Please try again
title-grant-over = The standing approval is over
title-grant-used-up = The standing approval is used up
title-outside-grant = The standing approval doesn't cover this

## What goes wrong: in full. In English these are also the `detail` of the JSON answers.

problem-error = Error { $status }.
problem-next-approver = Find what is waiting for your approval
problem-next-requester = Find your certificates and requests
problem-no-such-page = There's nothing at this address.
problem-no-such-link = This link doesn't work. It may be incomplete or out of date: open it from the latest e-mail about the request.
problem-not-answered = A service that we depend on didn't answer. Nothing was lost. Please try again in a moment.
problem-try-again = Please try again.
problem-too-many-in-an-hour = There were { $limit } requests from this e-mail address in the last hour, and no more are taken. Please try again in an hour.
problem-too-many-waiting = { $limit } requests from this e-mail address are already waiting for approval. You can't send another until some of them are decided. Withdraw the ones you no longer need (see “My certificates”), or try again later.
problem-method = This address doesn't accept { $method }.
problem-content-type = The Content-Type must be application/json, application/x-www-form-urlencoded or multipart/form-data.
problem-too-large = The body is larger than { $bytes } bytes. Send only the certificate signing request.
problem-broke-off = The body was cut off. Please send it again.
problem-no-object = The body is { json-kind }, but it must be a JSON object.
problem-no-json = The body isn't valid JSON: see line { $line }, column { $column }.
problem-unreadable-form = The form couldn't be read. Please send it again.
json-kind =
    { $kind ->
        [null] null
        [boolean] a boolean
        [number] a number
        [string] a string
        [array] an array
       *[object] an object
    }
problem-no-zip = We can't make the zip file at the moment. Please try again, or download the PEM file.
problem-no-ca = There's no certificate authority (CA) here yet. An operator has to set one up first.
problem-no-certificate = There's no certificate to download: the request is { status-in-words }.
problem-no-certificate-yet = There's no certificate yet: the request is { status-in-words }.
problem-unreadable-certificate = The certificate couldn't be read. Please try again in a moment.
problem-still-being-read = We're still reading the request. Please try again in a moment.
problem-cross-site = This decision was sent from another site. Open the link in the e-mail and decide there.
problem-ended = The request has already ended: it is { status-in-words }.
problem-already-decided = The request is already { outcome-in-words }, and that can't be changed.
problem-decided-otherwise = You've already voted differently, and votes can't be changed.
problem-stale = The request has changed since you opened it. Please review it again.
problem-expired = No decision was made on this request in time, so it can no longer be approved or rejected. The requester has been told and can send it again.
problem-stand-in-ended = You stood in for another approver until { $until }, so this link no longer works. If you still stand in, ask the people who run Countersign to write the new days into the policy.
problem-withdrawn = The requester has withdrawn the request. There's nothing left to decide.
problem-confirm-cross-site = This was sent from another site. Open the link in the e-mail and confirm the request there.
problem-confirm-too-late = The time to confirm this request is over. Please send the request again.
problem-download-by-mail = This link shows the request, but not the certificate. Open the certificate with the link in our e-mail to the requester.
problem-cancel-cross-site = This was sent from another site. Open your request from the e-mail and withdraw it there.
problem-cancel-unconfirmed = There is nothing to withdraw: the request was not confirmed, so nobody was asked. It ends by itself.
problem-cancel-too-early = We're still checking the request. Please try again in a moment.
problem-cancel-too-late = The request can no longer be withdrawn: it is { status-in-words }.
problem-no-overview = This link doesn't work, or no longer does: it works for one hour. Please request a new one.

## Pages: more about the review

review-unusual = New or unusual
review-reason-when = required if you reject
review-lacking = Still needed: { $missing }.
review-lacking-of = { $approvals } from { $group } ({ $approvers })
review-lacking-any =
    { $approvals ->
        [one] Still needed: { $approvals } approval ({ $approvers }).
       *[other] Still needed: { $approvals } approvals ({ $approvers }).
    }
review-lacking-more = and { $more } more
review-lacking-for = { $approver } for { $person }
stand-in-you = You stand in for { $person } until { $until }.
review-you = you
review-decision = Decision
review-questions = Questions
review-question-asked = <strong>{ $approver }</strong> asked on { $at }
review-question-answered = <strong>{ $requester }</strong> answered on { $at }
review-question-open = Not answered yet.
review-ask = Ask the requester a question
review-ask-text = The requester gets it by e-mail, and you get the answer. Nothing is decided by that.
review-ask-label = Question
review-ask-button = Send the question
review-asked = Your question is on its way
review-asked-text = The requester gets it by e-mail. You'll get the answer by e-mail, and see it here.
status-remind = Remind the approvers
status-reminded = We reminded the approvers for you on { $at }.
problem-remind-by-mail = This link can't remind the approvers. Use the link in the e-mail to the requester.
problem-remind-not-waiting = The request isn't waiting for approvers.
problem-remind-too-early = The approvers are reminded once a day at most. Try again after { $from }.
status-questions = Questions from the approvers
status-question-asked = An approver asked on { $at }
status-question-answered = You answered on { $at }
status-question-label = Your answer
status-question-hint = The approvers read this. Never paste a private key.
status-question-button = Send the answer
finding-give-question = The requester gets it by e-mail.
finding-give-answer = The approvers read it.
finding-give-number = It is the number of the question.
problem-question-too-many = There are already { $most } questions about this request. Call or write to the requester.
problem-answer-by-mail = This link can't answer questions. Use the link in the e-mail to the requester.
problem-question-none = There's no such question about this request. Open the link in the latest e-mail.
problem-question-answered = The question has been answered already, and the answer can't be changed.
review-withdrawn = Withdrawn
review-withdrawn-text = The requester has withdrawn the request. There's nothing left to decide.
unusual-first =
    { $new ->
        [one] { $new } of the { $count } names was never requested before. It is marked as new.
       *[other] { $new } of the { $count } names were never requested before. They are marked as new.
    }
unusual-first-all =
    { $count ->
        [one] This name was never requested before.
        [2] Neither name was ever requested before.
       *[other] None of the { $count } names was ever requested before.
    }
unusual-wildcard = { $name } covers every name directly below { $parent }.
unusual-known-key =
    { $count ->
        [one] The same key is in another request.
       *[other] The same key is in { $count } other requests.
    }
unusual-known-key-of-other =
    { $count ->
        [one] Another person has requested a certificate for the same key.
       *[other] The same key is in { $count } other requests, and not all of them are by the same person.
    }
unusual-names =
    { $count ->
        [one] Another request for some of these names is in progress.
       *[other] { $count } other requests for some of these names are in progress.
    }
unusual-names-of-other =
    { $count ->
        [one] Another person's request for some of these names is in progress.
       *[other] { $count } other requests for some of these names are in progress, and not all of them are by the same person.
    }
unusual-related = requested by { $email } on { $at }, { $status }
unusual-other-person = another person
unusual-asks-you = waits for you, too
extension-comment = A program ordered these names by ACME, and the standing approval lacks them: { $names }. (ACME account { $account })
unusual-extends = It extends the standing approval { $extended }. New: { $names }. Programs with a credential of that one may use this one, too.
unusual-looks-like = { $name } looks like { $other }, which others have requested.

## Pages: withdrawing, my certificates, commands

status-withdrawn = You withdrew the request
status-withdrawn-text =
    { $kind ->
        [grant] The approvers no longer need to decide, and there is no standing approval. You can send a new request at any time.
       *[certificate] The approvers no longer need to decide, and no certificate will be issued. You can send a new request at any time.
    }
event-withdrawn = Withdrawn
status-cancel = Withdraw the request
status-cancel-text =
    { $kind ->
        [grant] The approvers then no longer need to decide, and there is no standing approval. You can send a new request at any time.
       *[certificate] The approvers then no longer need to decide, and no certificate will be issued. You can send a new request at any time.
    }
status-cancel-button = Withdraw it
inbox-title = Waiting for my approval
inbox-lead = Enter your e-mail address. If requests are waiting for you, we'll e-mail you a link to all of them.
inbox-sent-text = If requests are waiting for { $email }, a link to them is on its way. It works for one hour.
inbox-heading =
    { $count ->
        [0] Nothing is waiting for you
        [one] { $count } request is waiting for you
       *[other] { $count } requests are waiting for you
    }
inbox-asked = Requested by { $requester } on { $at } · { $profile } profile
inbox-until = You have until { $until }.
inbox-review = Review
inbox-keep = This page works until { $until }. It is for you only: what you decide from here is recorded in your name.
inbox-back = Back to everything that is waiting for you
inbox-more = See what else is waiting for you
finding-give-approver = It is the address that gets the e-mails for the approver.
problem-no-inbox = This link is wrong or no longer works; it works for one hour. Ask for a new one at “Waiting for my approval”.
mine-title = My certificates
mine-lead = Enter your e-mail address. We'll e-mail you a link to all your certificates and requests.
mine-send = Send me the link
mine-sent = Check your e-mail
mine-sent-text = If there are requests from { $email }, a link to them is on its way. It works for one hour.
mine-live = In use
mine-waiting = In progress
mine-ended = Ended
mine-until = valid until { $until }
mine-asked = requested on { $at }
mine-renew = Renew
mine-open = View the request
mine-keep = This page works for one hour. Anyone who has its link can see what you see.
commands-title = Commands for a certificate signing request
commands-lead = These commands create a private key and a certificate signing request (CSR). Run them on the machine that will use the certificate.
commands-names = Names
commands-names-hint = The names of the machine, separated by spaces, such as www.example.com example.com 10.0.0.1.
commands-left-out = Left out of the commands
commands-further = { $count ->
    [one] One more text isn't a name:
   *[other] { $count } more texts aren't names:
 }
commands-beyond = A request can have at most { $most } names. Put these into another request:
commands-not-in-powershell = The PowerShell command leaves these names out, because certreq can't read their characters. Use openssl for them:
commands-openssl-where = Run it in a terminal with <code>bash</code> or another POSIX shell. The private key is then in <code>key.pem</code>, in the folder where you ran it. Keep it there, never give it to anyone, and send only <code>request.csr</code>.
commands-powershell-where = Run it in PowerShell as an administrator. The private key goes into the key store of this machine, not into a file, and can't be exported: install the certificate on the same machine. Send only <code>request.csr</code>.
commands-write = Show the commands
form-commands = Show the commands for my names

## Pages: the steps of an execution

picture-request = The steps of this request
picture-revocation = The steps of this revocation
picture-waiting = No step has begun yet.
picture-unknown = The steps aren't known. Their history is kept for 90 days.
picture-now =
    { $steps ->
        [0] Now at the first step, { $state }.
       *[other] Now at { $state }, after { $states }.
    }
picture-ended =
    { $steps ->
        [0] Ended at the first step, { $state }.
       *[other] Ended at { $state }, after { $states }.
    }
picture-stopped =
    { $steps ->
        [0] Stopped at the first step, { $state }.
       *[other] Stopped at { $state }, after { $states }.
    }
picture-errors = Ended with an error: { $states }.
picture-between = {" "}
picture-word-now = now
picture-word-failed = failed
picture-word-refused = refused
picture-word-late = timed out
picture-word-stopped = stopped
picture-legend = Thick lines and a sign on the frame show the steps taken. Dashed lines are taken after an error. A frame with pointed sides is a choice, one with a double line an end.
picture-list = Steps and times

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
mail-asked-on = Requested on
mail-decide-by = Decide by
mail-requester = Requester
mail-valid-until = Valid until
mail-serial = Serial
mail-severity-refused = Not allowed
mail-severity-warning = Check this
mail-severity-ignored = Left out
mail-button-fails = If the button doesn't work, open this address:
mail-signature = Countersign, request { $id }
mail-no-replies = This e-mail was sent automatically. Nobody reads replies to it.
mail-you-wrote = You wrote
mail-they-wrote = { $person } wrote
mail-see-standing = Check the status
mail-see-request = View the request
mail-ask-again = Request again

mail-confirm-subject = Confirm your request for { $names }
mail-confirm-heading = Confirm your request
mail-confirm =
    { $kind ->
        [grant] Someone requested a standing approval with this e-mail address: certificates for these names would be issued without asking again. Was it you? Then open the link and confirm by { $until }. Only then do we ask the approvers.
       *[certificate] Someone requested a certificate with this e-mail address. Was it you? Then open the link and confirm by { $until }. Only then do we ask the approvers.
    }
mail-confirm-open = Review and confirm
mail-confirm-sign-in =
    { $kind ->
        [grant] Someone requested a standing approval with this e-mail address: certificates for these names would be issued without asking again. Was it you? Then open the link, sign in and confirm by { $until }. Only then do we ask the approvers.
       *[certificate] Someone requested a certificate with this e-mail address. Was it you? Then open the link, sign in and confirm by { $until }. Only then do we ask the approvers.
    }
mail-confirm-sign-in-open = Review, sign in and confirm
mail-confirm-not-you = Wasn't it you? Then you needn't do anything: nothing is issued without your confirmation.
mail-received-subject = We have your request for { $names }
mail-received-heading = We have your request
mail-received = Thanks. An approver will review it. There's nothing you need to do: we'll e-mail you as soon as they decide. This is what you requested:
mail-received-until = Thanks. An approver will review it by { $until }. There's nothing you need to do: we'll e-mail you as soon as they decide. This is what you requested:
mail-received-wrong = Is a name missing or wrong? Open the request with the link above, withdraw it, and send a new one.
mail-received-not-you = Didn't request a certificate? Please tell your approvers or operators.

mail-waiting-subject = Still waiting for approval: { $names }
mail-waiting-heading = Your request is still waiting for approval
mail-waiting = No decision has been made yet. We've reminded the approvers today. There's nothing you need to do; if it's urgent, talk to one of them.
mail-waiting-until = No decision has been made yet. We've reminded the approvers today. They have until { $until }. There's nothing you need to do; if it's urgent, talk to one of them.
mail-waiting-withdraw = Don't need it any more? Open the request with the link above and withdraw it.

mail-refused-subject = Your request for { $names } was refused
mail-refused-heading = Your request can't be granted as it is
mail-refused-no-reason = The policy doesn't allow it.
mail-refused = The policy doesn't allow it. See below what is wrong and how to fix it.
mail-refused-closed = This request is closed. You can send a new one.
mail-refused-closed-until-right = This request is closed. Fix the points above and send a new one.

mail-withdrawn-subject = Your request for { $names } was withdrawn
mail-withdrawn-heading = You withdrew your request
mail-withdrawn =
    { $kind ->
        [grant] The approvers no longer need to decide, and there is no standing approval.
       *[certificate] The approvers no longer need to decide, and no certificate will be issued.
    }
mail-withdrawn-not-you = Wasn't it you? Then someone else has the link to your request: please tell your operators.

mail-rejected-subject = Your request for { $names } was rejected
mail-rejected-heading = Your request was rejected
mail-rejected = An approver rejected your request.
mail-rejected-reason = Reason
mail-rejected-no-reason = An approver rejected your request without giving a reason.
mail-rejected-closed = This request is closed. If you can fix the cause, or think this is a mistake, talk to the approver and send a new request.

mail-expired-subject = Your request for { $names } has expired
mail-expired-heading = Your request has expired
mail-expired = No decision was made in time, so your request is closed. Nothing was wrong with the request itself.
mail-expired-until = No decision was made by { $until }, so your request is closed. Nothing was wrong with the request itself.
mail-expired-before = Before you send a new request, let an approver know you're waiting.

mail-failed-subject = Your request for { $names } is held up
mail-failed-heading = Something went wrong on our side
mail-failed = Sorry, we couldn't complete your request. It's nothing you did, and there's nothing you need to do. Our operators have been told and are looking into it.
mail-failed-urgent = If it's urgent, contact your operators and quote the request ID at the end of this e-mail.

mail-overview-subject = Your certificates
mail-overview-heading = Your certificates and requests
mail-overview = The link below shows the certificates and requests of this e-mail address. It works until { $until }.
mail-overview-show = Show my certificates
mail-overview-not-you = If you didn't ask for this, you can ignore it.

# What is left of a certificate's validity, in whole days.
ends-in =
    { $days ->
        [0] ends in less than a day
        [one] ends in 1 day
       *[other] ends in { $days } days
    }
mail-expiring-subject =
    { $count ->
        [one] Your certificate for { $names } { ends-in }
       *[other] { $count } of your certificates end soon: { $names } first
    }
mail-expiring-heading =
    { $count ->
        [one] Your certificate { ends-in }
       *[other] { $count } of your certificates end soon
    }
mail-expiring =
    { $count ->
        [one] After its end, programs no longer accept it. Request a new one in time: approval may take a few days. The form has its names already; make a new private key for it.
       *[other] After its end, programs no longer accept a certificate. Request new ones in time: approval may take a few days. Open a certificate and choose “{ status-renew }”: the form has its names already. Make a new private key for each.
    }
mail-expiring-detail = { $end } ({ ends-in })
mail-expiring-unused = Don't need it any more? Then there's nothing to do.
mail-expiring-open = View the certificate
mail-unrenewed-subject =
    { $count ->
        [one] Nobody has renewed the certificate for { $names }, which { ends-in }
       *[other] Nobody has renewed { $count } certificates that end soon: { $names } first
    }
mail-unrenewed-heading =
    { $count ->
        [one] A certificate ends, and nobody has renewed it
       *[other] { $count } certificates end, and nobody has renewed them
    }
mail-unrenewed =
    { $count ->
        [one] Its requester was reminded by e-mail, but no new certificate has been issued. If it is still in use, talk to the requester, or request a new one yourself.
       *[other] Their requesters were reminded by e-mail, but no new certificates have been issued. If they are still in use, talk to the requesters, or request new ones yourself.
    }
mail-unrenewed-detail = { $person }, { $profile }: { $end } ({ ends-in })
mail-unrenewed-request = Request a certificate
calendar-summary = The certificate for { $names } ends on { $day }
calendar-description = It ends on { $end }. Serial: { $serial }. Request a new one in time: { $url }
mail-unrenewed-once = You get this e-mail once for each certificate. If none of them is in use any more, there's nothing to do.

mail-statement-subject =
    { $count ->
        [one] A certificate was issued under your standing approval for { $names }
       *[other] { $count } certificates were issued under your standing approval for { $names }
    }
mail-statement-heading =
    { $count ->
        [one] A certificate was issued under your standing approval
       *[other] { $count } certificates were issued under your standing approval
    }
mail-statement =
    { $count ->
        [one] Nobody was asked for it: it is inside what was approved. You get this e-mail once a week at most, and none in a week without a new certificate.
       *[other] Nobody was asked for them: they are inside what was approved. You get this e-mail once a week at most, and none in a week without a new certificate.
    }
mail-statement-names = Approved names
mail-statement-used = Certificates
mail-statement-used-of = { $used } of { $most }
mail-statement-until = Ends on
mail-statement-ended = Ended on
mail-statement-detail = Serial { $serial }, valid until { $end }
mail-statement-revoked = Serial { $serial }, revoked
mail-statement-none = No certificate so far: request { $request }
mail-statement-open = View the standing approval
mail-statement-unknown = If you don't recognise one of them, end the standing approval on its page at once, and tell your security team.

mail-standing-subject =
    { $notice ->
        [ended] Your standing approval for { $names } was ended
        [stopped] No more certificates under your standing approval for { $names }
        [ending] Your standing approval for { $names } ends soon
       *[nearly-used] { $used } of { $most } certificates of your standing approval for { $names } are used
    }
mail-standing-heading =
    { $notice ->
        [ended] Your standing approval was ended
        [stopped] Nothing more is signed under your standing approval
        [ending] Your standing approval ends soon
       *[nearly-used] { $used } of { $most } certificates are used
    }
mail-standing-ended =
    { $by ->
        [requester] You ended it on its page. Nothing more is signed under it. Certificates that were issued stay valid until they end. If it wasn't you, tell your security team.
       *[operator] An operator of the CA ended it. Nothing more is signed under it. Certificates that were issued stay valid until they end.
    }
mail-standing-stopped =
    { $why ->
        [approvers] People who approved it have left the approvers, and those who are left are too few. Nothing more is signed under it. Certificates that were issued stay valid until they end.
        [days] The policy now allows fewer days than were approved, and they are over. Nothing more is signed under it. Certificates that were issued stay valid until they end.
       *[policy] The policy no longer allows it. Nothing more is signed under it. Certificates that were issued stay valid until they end.
    }
mail-standing-ending = After that, nothing more is signed under it, and programs can't renew their certificates.
mail-standing-nearly-used = When all are used, nothing more is signed under it, and programs can't renew their certificates.
mail-standing-reason = Reason
mail-standing-next = If your programs still need certificates, ask for another standing approval in time, and give them its credential.

mail-issued-subject = Your certificate for { $names }
mail-issued-heading = Your certificate is ready
mail-issued = Your request was approved. The attached certificate.zip contains the certificate, the certificate of the CA that issued it, and a README.txt that explains how to install and test it, how clients trust the CA, and how to check whether the certificate is revoked.
mail-issued-see = View the request
mail-issued-again = Download certificate.zip again
mail-issued-renew = Renew the certificate
mail-issued-next = Renew the certificate a few weeks before it expires, with the link above. The attached expiry.ics puts a reminder into your calendar.
mail-issued-key = Your private key stays where you made it. It was never sent to us, and we'll never ask you for it.

mail-decide-subject =
    { $kind ->
        [grant] Approve in advance: certificates for { $names } (requested by { $person })?
       *[certificate] Approve certificate for { $names } (requested by { $person })?
    }
mail-decide-heading =
    { $kind ->
        [grant] A standing approval needs your decision
       *[certificate] A certificate needs your approval
    }
mail-decide =
    { $kind ->
        [grant] { $person } requested a standing approval. If you approve it, certificates for these names are issued without asking you again, until its end. Open the link to see the whole request, then approve or reject it. Opening the link doesn't approve anything.
       *[certificate] { $person } requested this certificate. Open the link to see the whole request, then approve or reject it. Opening the link doesn't approve anything.
    }
mail-remind-subject =
    { $kind ->
        [grant] Reminder: approve in advance certificates for { $names } (requested by { $person })?
       *[certificate] Reminder: approve certificate for { $names } (requested by { $person })?
    }
mail-remind-heading =
    { $kind ->
        [grant] A standing approval still needs your decision
       *[certificate] A certificate still needs your approval
    }
mail-remind =
    { $kind ->
        [grant] { $person } requested a standing approval on { $asked }, and no decision has been made yet. If you approve it, certificates for these names are issued without asking you again, until its end. Open the link to see the whole request, then approve or reject it. Opening the link doesn't approve anything.
       *[certificate] { $person } requested this certificate on { $asked }, and no decision has been made yet. Open the link to see the whole request, then approve or reject it. Opening the link doesn't approve anything.
    }
mail-review = Review and decide
mail-inbox-subject =
    { $count ->
        [one] { $count } certificate is waiting for your approval
       *[other] { $count } certificates are waiting for your approval
    }
mail-inbox-heading =
    { $count ->
        [one] { $count } request is waiting for you
       *[other] { $count } requests are waiting for you
    }
mail-inbox = The link below shows all requests that are waiting for you. It works until { $until }. Opening it doesn't approve anything.
mail-inbox-show = Show what is waiting
mail-question-subject = A question about your request for { $names }
mail-question-heading = An approver has a question
mail-question = Please answer it on the page of your request. The approvers decide after that.
mail-they-ask = The question
mail-question-answer = Answer the question
mail-question-key = Never send a private key, not even if you're asked for it.
mail-answer-subject = { $person } answered your question about { $names }
mail-answer-heading = Your question was answered
mail-answer = { $person } answered your question. Open the link to see the whole request, then approve or reject it.
mail-you-asked = You asked
mail-they-answered = { $person } answered
mail-validity =
    { $kind ->
        [grant] Each certificate is valid for
       *[certificate] Valid for
    }
mail-not-granted = The current policy doesn't allow this certificate
mail-nothing-unusual = Nothing
mail-in-use = In use
mail-live =
    { $count ->
        [one] There's already a valid certificate for these names or this key.
       *[other] There are already { $count } valid certificates for these names or this key.
    }
mail-live-more = There are more than { $count } valid certificates for these names or this key.
mail-approvals = Approvals
mail-voted-approve-subject =
    { $kind ->
        [grant] You approved the standing approval for { $names }
       *[certificate] You approved the certificate for { $names }
    }
mail-voted-approve-heading = Your approval is recorded
mail-voted-approve =
    { $kind ->
        [grant] You approved this standing approval for { $person } on { $at }.
       *[certificate] You approved this certificate for { $person } on { $at }.
    }
mail-voted-reject-subject =
    { $kind ->
        [grant] You rejected the standing approval for { $names }
       *[certificate] You rejected the certificate for { $names }
    }
mail-voted-reject-heading = Your rejection is recorded
mail-voted-reject =
    { $kind ->
        [grant] You rejected this standing approval for { $person } on { $at }.
       *[certificate] You rejected this certificate for { $person } on { $at }.
    }
mail-voted-for = You decided in the place of { $absent }.
mail-your-note = Your reason or note
mail-voted-approve-not-you =
    { $kind ->
        [grant] Wasn't it you? Then somebody else used your link. Tell the people who run Countersign at once. They can end the standing approval, revoke its certificates and replace the links.
       *[certificate] Wasn't it you? Then somebody else used your link. Tell the people who run Countersign at once. They can revoke the certificate and replace the links.
    }
mail-voted-reject-not-you = Wasn't it you? Then somebody else used your link. Tell the people who run Countersign at once. They can replace the links, and the requester can send the request again.
mail-link-is-yours = This link is for you only, and what you decide with it is recorded in your name. Please don't forward this e-mail.
mail-renewal = Renewal
mail-unexpected = Not expecting this? Ask the requester, or reject it.

### Findings

finding-kind =
    { $kind ->
        [dns] DNS name
        [ip] IP address
        [email] e-mail address
       *[uri] URI
    }
finding-list = { $first }, { $rest }
finding-list-of-rules = { $first }; { $rest }

## Text that is not one request

finding-private-key = The { finding-field } contains a private key ({ $key }). It was neither stored nor logged.
finding-private-key-format =
    { $format ->
        [pkcs8] PKCS#8
        [encrypted-pkcs8] encrypted PKCS#8
        [pkcs1] PKCS#1
        [sec1] SEC 1
        [dsa] DSA
        [openssh] OpenSSH
        [ssh2] SSH2
        [putty] PuTTY
        [pkcs12] PKCS#12
        [java] Java key store
        [jwk] JSON Web Key
        [xml] XML
        [numbers] printed numbers
        [pgp] OpenPGP
        [windows] Windows key blob
       *[labelled] by its label
    }
finding-private-key-encoded = { $format }, { $encodings }
finding-key-encodings = { $first } inside { $rest }
finding-key-encoding =
    { $encoding ->
        [pem] PEM
        [hex] hexadecimal
        [percent] percent-encoding
        [backslash] backslash escapes
        [references] character references
        [quoted-printable] quoted-printable
        [utf16] UTF-16
        [compressed] compressed data
        [numbers] a list of numbers
        [base32] base32
       *[base64] base64
    }
finding-too-deep = The { finding-field } is encoded too many times over to be searched for a private key. It was neither stored nor logged.
finding-too-deep-advice = Send it as plain text.
finding-private-key-advice = Never send a private key to anyone. Stop using this one, make a new key, and send only its certificate signing request.
finding-how-to = Choose the file of the request, or paste its text: it begins with { $begin }. Make one with: { $command }
finding-text-too-large = The text is { $bytes } bytes long; the limit is { $most }.
finding-send-alone = Send only the certificate signing request.
finding-no-text = There's no certificate signing request.
finding-several-requests = The text contains { $count } requests.
finding-one-by-one = Send them one at a time.
finding-several-blocks = The text contains { $count } PEM blocks: { $labels }.
finding-another-pem = another PEM file
finding-is-other-pem = This is { $label }, not a certificate signing request.
finding-ssh-key = This is an SSH public key, not a certificate signing request.
finding-damaged-begin = The line with BEGIN CERTIFICATE REQUEST is damaged.
finding-damaged-begin-advice = Choose the file itself in place of pasting its text. Some e-mail programs change the five hyphens before and after the words of this line: { $begin }.
finding-no-csr = This isn't a certificate signing request.
finding-cut-off = The request is cut off: its END line is missing.
finding-cut-off-advice = Choose the file itself in place of pasting its text. It ends with the line { $end }.
finding-no-base64 = The text between BEGIN and END isn't base64.
finding-no-base64-character = Line { $line } of the request contains { $character }, which isn't base64.
finding-choose-file = Choose the file itself in place of pasting its text. If the file has the same fault, make the request again: { $command }
finding-character = “{ $character }”
finding-character-number = “{ $character }” ({ $number })
finding-character-invisible = an invisible character ({ $number })
finding-character-nul = a NUL character ({ $number })
finding-character-escape = an escape character ({ $number })
finding-character-soft-hyphen = an invisible soft hyphen ({ $number })
finding-character-joiner = an invisible joiner of letters ({ $number })
finding-character-direction = an invisible mark for the direction of writing ({ $number })
finding-character-lost = the sign for a character that was lost ({ $number })
finding-line-length = Line { $line } of the request has { $count } characters and the other lines { $usual }: characters are missing there, or are too many.
finding-rewritten = The text was rewritten on its way: { $how }. When that is undone, it still isn't a whole request.
finding-rewritten-advice = Choose the file itself in place of pasting its text. Programs send the text of the file unchanged as the value of csrContent.
finding-form-invisible = invisible characters stand between the letters, as in a file in UTF-16
finding-form-escapes = characters are written with a backslash, such as \n for a line break
finding-form-html = characters are written as in HTML, such as &#43; for a plus sign
finding-form-percent = characters are written with a percent sign, such as %2B for a plus sign
finding-form-quoted-printable = characters are written with an equals sign, such as =3D for an equals sign
finding-form-base64 = the text is encoded in base64 once more
finding-form-base32 = the file is encoded in base32
finding-form-hex = the file is written in hexadecimal digits or as a dump
finding-form-numbers = the bytes of the file are written as decimal numbers
finding-form-full-width = characters are full-width, or only look like the right ones
finding-form-begin = the BEGIN and END lines have other dashes or another label
finding-form-quotes = quotation marks, numbers or other marks stand around its lines
finding-form-lost-plus = blanks stand in place of plus signs
finding-certificate = This is a certificate, not a certificate signing request.
finding-certificate-advice = Send the request it was made from, or make a new one: { $convert }, or { $make }.
finding-public-key = This is only a public key, not a certificate signing request.
finding-public-key-advice = Make a request with the private key it belongs to: { $command }
finding-is-crl = This is a certificate revocation list (CRL), not a certificate signing request.
finding-is-pkcs7 = This is a PKCS#7 file with certificates or signed data, not a certificate signing request.
finding-is-cmc = This is a request in the CMC format. Only PKCS#10 requests are accepted.
finding-is-cmc-advice = Write { $setting } into the file for { $command }, make the request again, and choose the new file.
finding-is-crmf = This is a request in the CRMF or CMP format. Only PKCS#10 requests are accepted.
finding-is-spkac = This is a signed public key of a browser (SPKAC), not a certificate signing request.
finding-is-pgp = This is an OpenPGP message or key, not a certificate signing request.
finding-is-jwk = This is a public key as a JSON Web Key (JWK), not a certificate signing request.
finding-is-printed = This is the readable text of a request, as openssl req -text -noout or certutil -dump prints it. The request itself isn't in it.
finding-is-printed-advice = Choose the file that was printed, or paste its text: it begins with { $begin }.
finding-is-structure = This is a list of the elements of a file, as openssl asn1parse prints it. The file itself isn't in it.
finding-is-path = This is the name or the path of a file, not its content.
finding-is-path-advice = Choose the file itself, or paste its text: it begins with { $begin }.
finding-is-command = This is a command, not a certificate signing request.
finding-is-command-advice = Run the command. Then choose the file that it writes, or paste its text: it begins with { $begin }.
finding-is-url = This is a web address, not a certificate signing request.
finding-is-url-advice = Download the file from there. Then choose it, or paste its text: it begins with { $begin }.
finding-is-email = This is an e-mail without a certificate signing request.
finding-is-email-advice = Save the file that is attached to the e-mail and choose it, or paste its text: it begins with { $begin }.
finding-is-web-page = This is a web page, not a certificate signing request.
finding-is-web-page-advice = A download that needs a sign-in often saves a page in place of the file. Open the page, sign in, and download the file; its text begins with { $begin }.
finding-is-picture = This is a picture, not a certificate signing request.
finding-is-pdf = This is a PDF document, not a certificate signing request.
finding-is-office-file = This is an Office document, not a certificate signing request.
finding-is-document-advice = Ask for the request as a text file, and choose that: it begins with { $begin }.
finding-is-compressed = This is a compressed file, such as zip or gzip.
finding-is-compressed-advice = Unpack it, and choose the file of the request: it begins with { $begin }.
finding-request-too-large = The request is { $bytes } bytes long; the limit is { $most }.
finding-fewer-names = Put fewer names into one request.
finding-not-well-formed = This isn't a well-formed certificate signing request (PKCS#10).
finding-one-more-byte = There is one extra byte after the end of the request.
finding-more-bytes = There are { $count } extra bytes after the end of the request.
finding-no-der = The request isn't written in the one binary form that is allowed (DER): at byte { $at }, { $fault }.
finding-der-advice = The program that made the request has a fault, that can't be fixed by hand. Make the request with another program, for example: { $command }
finding-der-cut-off = a value ends too early
finding-der-more = { $count } more bytes follow the value
finding-der-length = a length isn't in its shortest form
finding-der-tag = a tag isn't in its shortest form
finding-der-form = a value is split into parts, or a list isn't one
finding-der-boolean = a BOOLEAN is neither true nor false
finding-der-integer = an INTEGER isn't in its shortest form
finding-der-bits = a BIT STRING has unused bits that aren't zero
finding-der-null = a NULL isn't empty
finding-der-identifier = an OBJECT IDENTIFIER isn't well formed
finding-der-depth = the values are nested too deeply
finding-version = The version of the request isn't 1.
finding-signature-octets = The signature of the request isn't a whole number of octets.

## Keys

finding-new-key = Make a new key, for example: { $command }
finding-supported-keys = Use EC P-256, P-384 or P-521, RSA with 2048 to { $most } bits, or Ed25519. { $advice }
finding-key-malformed = The public key isn't well formed.
finding-key-not-der = The public key isn't encoded in DER, which certificates need.
finding-key-octets = The public key isn't a whole number of octets.
finding-rsa-too-long = The RSA key has { $bits } bits; at most { $most } are supported.
finding-rsa-parameters = The RSA key has algorithm parameters other than NULL.
finding-rsa-malformed = The RSA key isn't well formed.
finding-ec-curve = EC keys on the curve { $curve } aren't supported.
finding-ec-explicit = EC keys with explicit curve parameters aren't supported.
finding-ec-compressed = EC keys in compressed form aren't supported.
finding-ec-no-point = The { $key } key isn't a point in uncompressed form.
finding-ed25519-malformed = The Ed25519 key isn't well formed.
finding-key-kind = Keys of the kind { $kind } aren't supported.
finding-key-pss = RSASSA-PSS keys aren't supported; use a plain RSA key.
finding-not-on-curve = The { $key } key isn't a point on its curve, or isn't a valid key.
finding-rsa-too-short = The RSA key has { $bits } bits; at least { $fewest } are needed.
finding-rsa-new-key = Make one with: { $command }
finding-rsa-odd-size = The RSA modulus has { $bits } bits, which isn't a multiple of 8.
finding-rsa-exponent-octets = The public exponent of the RSA key has { $count } octets.
finding-rsa-exponent-large = The RSA key has the public exponent { $exponent }, which is larger than other programs accept.
finding-rsa-exponent-small = The RSA key has the public exponent { $exponent }; an odd number of at least 65537 is needed.
finding-rsa-exponent-advice = Use the usual exponent 65537. { $advice }
finding-rsa-divisible = The modulus of the RSA key is divisible by { $prime }.
finding-rsa-roca = The RSA key was made by a faulty Infineon library (ROCA, CVE-2017-15361).
finding-rsa-square = The modulus of the RSA key is a square.
finding-rsa-close = The two primes of the RSA key are too close together (Fermat, CVE-2022-26320).
finding-rsa-prime = The modulus of the RSA key is a prime.
finding-ed25519-small-order = The Ed25519 key is a point of small order.
finding-profile-no-use = The “{ $profile }” profile has no use for this key ({ $key }).
finding-profile-keys = The “{ $profile }” profile doesn't allow this key ({ $key }).
finding-profile-keys-advice = It allows: { $allowed }.
finding-profile-rsa = The RSA key has { $bits } bits; the “{ $profile }” profile needs at least { $fewest }.
finding-key-denied = The key with the SHA-256 { $digest } is on the list of compromised keys.
finding-key-of-authority = The key with the SHA-256 { $digest } is the key of a certificate authority (CA), so no certificate is issued for it.

## Signatures

finding-resign = Make the request again with SHA-256: { $command }
finding-weak-digest = The request is signed with { $digest }; SHA-256 or better is needed.
finding-unknown-signature = The request is signed with { $what }, which can't be verified here.
finding-signature-algorithm = the algorithm { $algorithm }
finding-signature-parameters = an algorithm with parameters that don't belong to it
finding-signature-pss-malformed = RSASSA-PSS with malformed parameters
finding-signature-pss-digest = RSASSA-PSS and the digest { $digest }
finding-signature-pss-unusual = RSASSA-PSS with uncommon parameters
finding-signature-other-kind = The key is { $key }, but the signature is of a different kind.
finding-signature-wrong = The request isn't signed with the private key that belongs to its public key.
finding-signature-advice = It was changed or damaged after it was made, or was made with another key. Make it again: { $command }

## Names

finding-several-common-names = The subject has more than one common name.
finding-several-common-names-advice = Keep one, and put all names into subjectAltName.
finding-common-name-no-text = The common name isn't text.
finding-common-name-no-text-advice = Write it as UTF8String or PrintableString.
finding-common-name-character = The common name { $name } contains the character { $character }.
finding-common-name-character-advice = Write it with visible characters only.
finding-common-name-long = The common name has { $count } characters; the limit is { $most }.
finding-common-name-long-advice = Leave the common name out, and put the name into subjectAltName.
finding-common-name-left-out = The common name { $name } isn't a DNS name or an IP address.
finding-common-name-left-out-advice = The certificate won't contain it; clients look only at subjectAltName.
finding-no-san = The request has no subjectAltName, and its common name { $name } isn't a full DNS name or an IP address.
finding-no-names = The request contains no names: it has neither a subjectAltName nor a common name.
finding-no-names-advice = Add the names that clients connect to. With openssl: { $command }
finding-no-name = { $name } isn't a name.
finding-no-name-advice = Use a DNS name, an IP address, an e-mail address or a URI.
finding-name-malformed = The name { $name } isn't well formed.
finding-name-malformed-advice = Write names in ASCII, and internationalized names as A-labels (xn--).
finding-too-many-names = The request contains { $count } names; the limit is { $most }.
finding-spread-names = Split them between several certificates.
finding-ip-octets = An IP address in the request has { $count } octets.
finding-ip-octets-advice = An IPv4 address has 4 octets and an IPv6 address 16, without a mask. With openssl: { $command }
finding-ip-no-host = The IP address { $address } isn't the address of a single host.
finding-ip-no-host-advice = Use the address that clients connect to.
finding-dns-empty = The DNS name { $name } is empty.
finding-dns-empty-advice = Leave it out, or write the full name of the host.
finding-dns-no-ascii = The DNS name { $name } isn't written in ASCII.
finding-dns-a-labels = Write it with A-labels, as certificates hold it: { $ascii }
finding-dns-characters = DNS names consist only of the letters a-z, digits, hyphens and dots.
finding-dns-long = The DNS name { $name } has { $count } characters; the limit is { $most }.
finding-dns-long-advice = Use a shorter name.
finding-dns-dot = The DNS name { $name } ends in a dot.
finding-dns-dot-advice = Write it without the final dot.
finding-dns-address = The DNS name { $name } is an IP address.
finding-dns-address-advice = Request it as an IP address. With openssl: { $command }
finding-dns-star = The DNS name { $name } has a * in the wrong place.
finding-dns-star-advice = A wildcard is the whole leftmost label, as in { $example }.
finding-dns-single-label = The DNS name { $name } consists of a single label.
finding-dns-wildcard-tld = The DNS name { $name } is a wildcard for a whole top-level domain.
finding-dns-full-name = Write the full name with its domain, as in { $example }.
finding-dns-digits = The DNS name { $name } ends in a label that consists of digits only.
finding-dns-digits-advice = Write the full name with its domain, or request an IP address.
finding-dns-empty-label = The DNS name { $name } has an empty label.
finding-dns-empty-label-advice = Remove the extra dot.
finding-dns-long-label = The DNS name { $name } has a label of { $count } characters; the limit is { $most }.
finding-dns-long-label-advice = Shorten that label.
finding-dns-character = The DNS name { $name } contains the character { $character }.
finding-dns-hyphen = The DNS name { $name } has a hyphen at the start or end of the label { $label }.
finding-dns-hyphen-advice = Use hyphens only between letters or digits.
finding-dns-reserved = The DNS name { $name } contains the reserved label { $label }.
finding-dns-reserved-advice = Only A-labels, which begin with xn--, may have two hyphens in that place.
finding-dns-a-label = The DNS name { $name } contains the label { $label }, which isn't a valid A-label.
finding-dns-a-label-advice = Convert the internationalized name again, with a tool that follows IDNA 2008.
finding-mixed-scripts = The label { $label } of { $name } mixes several scripts; people may mistake it for another name.
finding-look-alike = The label { $label } of { $name } consists of letters that look like Latin ones; people may mistake it for another name.
finding-look-alike-advice = Approve it only if the requester really owns this name.
finding-mail-advice = Write one plain address, as in { $example }.
finding-mail-long = The e-mail address { $name } has { $count } characters; the limit is { $most }.
finding-mail-no-at = The e-mail address { $name } has no @.
finding-mail-local = The e-mail address { $name } has { $count } characters before the @; there must be 1 to { $most }.
finding-mail-dot = The e-mail address { $name } has a dot in the wrong place.
finding-mail-character = The e-mail address { $name } contains the character { $character } before the @.
finding-mail-wildcard = The e-mail address { $name } has a wildcard in its domain.
finding-mail-domain = The e-mail address { $name } has no valid domain after the @. { $why }
finding-uri-advice = Write an absolute URI with a host, as in { $first } or { $second }.
finding-uri-long = The URI { $name } has { $count } characters; the limit is { $most }.
finding-uri-character = The URI { $name } contains a character that isn't allowed in a URI.
finding-uri-no-scheme = The URI { $name } has no scheme.
finding-uri-no-host = The URI { $name } has no host.
finding-uri-user = The URI { $name } contains user information before the host.
finding-uri-malformed = The URI { $name } isn't well formed.
finding-uri-host = The host of the URI { $name } isn't a full DNS name or an address.
finding-uri-fragment = The URI { $name } has a fragment (the part after #), which isn't allowed.
finding-uri-upper-case = The scheme or the host of the URI { $name } isn't in lower case.
finding-uri-needless-encoding = The URI { $name } percent-encodes a character that must be written plainly.
finding-uri-encoded-delimiter = The URI { $name } percent-encodes a slash, a backslash or a control character, which isn't allowed.
finding-uri-encoding-case = The URI { $name } has a percent-encoding with lower-case letters; write them in upper case, as in %2B.
finding-uri-dot-segment = The path of the URI { $name } has a segment "." or "..", which isn't allowed.
finding-uri-empty-segment = The path of the URI { $name } has two slashes in a row, which isn't allowed.
finding-uri-not-normal = The URI { $name } isn't in its normal form. Write it as { $normal }.
finding-uri-scheme-case = The scheme of the URI { $name } isn't in lower case.
finding-uri-trust-domain = The URI { $name } has no trust domain of 1 to 255 characters.
finding-uri-trust-domain-characters = The trust domain of the URI { $name } contains characters other than a-z, digits, dots, hyphens and underscores.
finding-uri-query = The URI { $name } contains a query, a fragment or a percent sign, which a SPIFFE ID can't have.
finding-uri-path = The path of the URI { $name } has a segment that is empty, relative or otherwise invalid.

## Standing approvals

finding-terms-too-large = The terms have { $bytes } bytes; at most { $most } are accepted.
finding-terms-split = Ask for several standing approvals, or write a suffix in place of many names: .example.com stands for every name below example.com.
finding-terms-unreadable = This isn't the text of a standing approval (line { $line }, column { $column }).
finding-terms-unreadable-advice = Send JSON like this: { $example }
finding-terms-no-names = The standing approval names nothing.
finding-terms-no-names-advice = List DNS names, IP addresses, or suffixes such as .example.com.
finding-terms-too-many-names = The standing approval has { $count } names; at most { $most } are accepted.
finding-terms-zero =
    { $field ->
        [days] The number of days is 0.
       *[certificates] The number of certificates is 0.
    }
finding-terms-number =
    { $field ->
        [days] The number of days is missing, or isn't a whole number.
       *[certificates] The number of certificates is missing, or isn't a whole number.
    }
finding-terms-zero-advice = Write at least 1.
finding-terms-name-kind = The { finding-kind } { $name } can't be in a standing approval.
finding-terms-name-kind-advice = Use DNS names, IP addresses, or suffixes such as .example.com.
finding-terms-wildcard-suffix = The { finding-kind } { $name } is a wildcard, which can't follow a dot.
finding-terms-wildcard-suffix-advice = Leave out the asterisk: .example.com stands for every name below example.com, wildcards included.
finding-standing-none = The “{ $profile }” profile has no standing approvals.
finding-standing-none-advice = Choose another profile, or request each certificate by itself.
finding-standing-days = A standing approval of the “{ $profile }” profile ends after { $most } days at most; { $days } were requested.
finding-standing-certificates = A standing approval of the “{ $profile }” profile is for { $most } certificates at most; { $certificates } were requested.
finding-standing-bound-advice = Ask for less, and ask again before the standing approval ends.
finding-standing-only = This is the request of a standing approval, which has no certificate of its own.
finding-standing-only-advice = Request a certificate under the standing approval.
finding-certificate-only = This is the request of a certificate, not of a standing approval.
finding-certificate-only-advice = Request the standing approval by itself.
finding-grant-not-allowed = The policy in force signs nothing more under this standing approval.
finding-grant-ended = This standing approval was ended before its time.
finding-grant-over = The time of this standing approval is over.
finding-grant-approvers-left = The approvals of this standing approval are no longer enough: an approver has left, or the policy now asks for more of them.
finding-grant-used-up = This standing approval has no certificates left.
finding-grant-advice = Request another standing approval, or this certificate by itself.
finding-outside-grant-profile = The standing approval is for certificates of the “{ $profile }” profile only.
finding-outside-grant-requester = The standing approval is for the certificates of another requester.
finding-outside-grant-name = The standing approval doesn't cover { $name }.
finding-outside-grant-advice = Leave it out, request this certificate by itself, or request a standing approval that covers it.

## What the profile allows

finding-unknown-profile = There's no profile { $profile }.
finding-unknown-profile-advice = Choose one of: { $known }.
finding-profile-too-many-names = The request contains { $count } names; the “{ $profile }” profile allows { $most }.
finding-wildcard = The { finding-kind } { $name } is a wildcard, which the “{ $profile }” profile doesn't allow.
finding-wildcard-advice = List the names one by one, or choose a profile that allows wildcards.
finding-name-kind = The { finding-kind } { $name } is a kind of name that the “{ $profile }” profile doesn't allow.
finding-name-excluded = The { finding-kind } { $name } is excluded by the “{ $profile }” profile (rule { $rule }).
finding-name-outside = The “{ $profile }” profile doesn't allow the { finding-kind } { $name }.
finding-other-profile = Choose another profile.
finding-allowed-names = It allows { $allowed }.
finding-allowed-dns = DNS names in { $allow }
finding-allowed-ip = IP addresses in { $allow }
finding-allowed-mail = e-mail addresses in { $allow }
finding-allowed-uri = URIs below { $allow }
finding-allowed-but = { $allowed }, but not { $deny }
finding-not-for-everybody = The “{ $profile }” profile isn't open to everyone.
finding-not-for-everybody-advice = Enter your e-mail address to find out whether you may request these names.
finding-not-for-domain = The “{ $profile }” profile isn't open to e-mail addresses in { $domain }.
finding-not-for-domain-advice = Choose another profile, or use the e-mail address of the team that owns these names.
finding-name-not-for-domain = The { finding-kind } { $name } can't be requested with an e-mail address in { $domain }.
finding-name-not-for-domain-advice = Use the e-mail address of the team that owns this name.
finding-constrained-name = The name constraints of the certificate authority (CA) { $forbid ->
        [exclude] exclude
       *[permit] don't permit
    } the { finding-kind } { $name }.
finding-constrained-subject = The name constraints of the certificate authority (CA) { $forbid ->
        [exclude] exclude
       *[permit] don't permit
    } the subject { $subject }.
finding-constrained-advice = Another profile doesn't change that. Leave the name out, or ask the operators where to get a certificate for it.
finding-forbidden-purpose = The certificate authority (CA) may not issue certificates for { $purpose }, which the “{ $profile }” profile grants.
finding-forbidden-purpose-advice = Choose another profile, or ask the operators: they need a CA certificate that allows the purpose.

## Requested extensions

finding-comes-without = The certificate won't contain it.
finding-again-without = Make the request again without it.
finding-choose-for-purpose = { $without } If you need it, choose another profile: { $profiles }.
finding-authority = The request asks for a CA certificate (basicConstraints CA:TRUE).
finding-authority-advice = No profile issues CA certificates. Make the request again without that extension.
finding-key-usage = The “{ $profile }” profile doesn't grant the key usage { $usage } for this key ({ $key }).
finding-purpose = The “{ $profile }” profile doesn't grant the purpose { $purpose }.
finding-other-name = The request contains a name of the kind { $kind }, which isn't supported.
finding-extension = The requested extension { $extension } isn't granted: the profile sets the extensions.
finding-attribute = The attribute { $attribute } of the request doesn't belong in a certificate.
finding-subject-parts = Part of the requested subject is left out: { $parts }. A certificate contains only names that were checked.
finding-extension-twice = The request contains the extension { $extension } twice.
finding-extension-unreadable = The requested extension { $extension } can't be read.
finding-extensions-unreadable = The list of requested extensions can't be read.
finding-value-no-der = The value of { $what } in the request isn't written in the one binary form that is allowed (DER): at its byte { $at }, { $fault }.
finding-attribute-twice = The request contains the attribute { $attribute } twice.
finding-attribute-values = The attribute { $attribute } of the request has { $count } values; it must have one.
finding-attribute-none = The attribute { $attribute } of the request has no value.
finding-attribute-advice = Put all names and extensions into one list, and make the request again, for example: { $command }
finding-name-dropped-advice = The certificate won't contain it: the profile leaves such names out.
finding-extension-advice = Make the request again without it: the profile sets the extensions of the certificate.

## The requester's address

finding-email-advice = Enter one address, such as { $example }.
finding-email-missing = The e-mail address is missing.
finding-email-long = The e-mail address has { $bytes } bytes; the limit is { $most }.
finding-email-control = The e-mail address contains a line break or another control character.
finding-email-several = An e-mail address can't contain spaces, commas, brackets or a second @.
finding-email-no-at = The e-mail address has no @.
finding-email-half = The e-mail address has nothing before or after the @.
finding-email-unreachable = E-mail can't be sent to this address.

## Findings: what the web front finds in a form

# The name of a field for people. An answer in JSON also has the name that programs use.
finding-field =
    { $field ->
        [email] e-mail address
        [names] list of names
        [comment] comment
        [csrContent] certificate signing request
        [csrFile] file
        [profile] profile
        [reason] reason
        [decision] decision
        [digest] digest
        [question] question
        [answer] answer
        [number] number
       *[other] field { $field }
    }
finding-missing =
    { $field ->
        [email] Enter your e-mail address.
        [csrContent] Paste your certificate signing request, or choose the file.
        [reason] Say why you reject the request.
        [question] Enter your question.
        [answer] Enter your answer.
       *[other] The { finding-field } is missing.
    }
finding-give-email = The certificate is sent to this address.
finding-give-request = It begins with BEGIN CERTIFICATE REQUEST.
finding-give-decision = Send approve or reject.
finding-give-digest = Send the digest that the review showed.
finding-give-reason = The requester reads this.
finding-no-string = The { finding-field } is { json-kind }.
finding-no-string-advice = It must be a string.
finding-two-requests = You pasted one request and chose a file with a different one.
finding-two-requests-advice = Clear the text field, or send the form without a file.
finding-text-long = The { finding-field } has { $count } characters; the limit is { $most }.
finding-text-long-advice = Shorten it.
finding-text-control = The { finding-field } contains a control character.
finding-text-control-advice = Use plain text.
finding-decision = The decision is neither approve nor reject.
finding-decision-advice = Send approve or reject.
finding-unfit-key = The Idempotency-Key { $key } can't be used.
finding-unfit-key-advice = Send at most { $most } visible ASCII characters, such as a UUID.
finding-key-used = This Idempotency-Key was already used for another request.
finding-key-used-advice = Use a new key for a new request.
finding-sign-in-needed = Requesters have to sign in now, and this request was confirmed without a sign-in.
finding-sign-in-needed-advice = Send the request again, and sign in to confirm it.
finding-nobody-else = You can't approve your own request, and the “{ $profile }” profile doesn't have enough other approvers.
finding-nobody-else-advice = Choose another profile, or ask the operators to add an approver.

## Revocation

revocation-unspecified = No reason given
revocation-key-compromise = The private key may be known to others
revocation-affiliation-changed = The names have changed
revocation-superseded = Another certificate has replaced it
revocation-cessation-of-operation = It's no longer used
revocation-certificate-hold = On hold
revocation-privilege-withdrawn = It's no longer allowed

revoked-by-requester = The requester
revoked-by-approver = An approver
revoked-by-key-holder = Whoever holds its private key
revoked-by-operator = An operator
revoked-by-rule = A rule of the policy

mail-revoked-subject = Revoked: your certificate for { $names }
mail-revoked-heading = The certificate was revoked
mail-revoked = It's on the revocation list now, and whoever checks it refuses it. Remove it from your servers, and its key with it if the key may be known to others.
mail-revoked-without-list = Remove it from your servers now. If others may know its private key, replace the key, too. The CA that issued it can't publish revocation lists, so nobody else can see that it's revoked.
mail-revoked-closing = If you didn't expect this, contact your operators and quote the request ID at the end of this e-mail.
mail-revoked-approver = You approved this certificate. It's on the revocation list now, and whoever checks it refuses it.
mail-revoked-approver-without-list = You approved this certificate. The requester is asked to remove it. The CA that issued it can't publish revocation lists, so nobody else can see that it's revoked.
mail-revoked-approver-closing = There's nothing you need to do. If you didn't expect this, contact your operators and quote the request ID at the end of this e-mail.
mail-revoked-at = Revoked
mail-revoked-by = By
mail-revoked-reason = Reason
mail-revoked-comment = Comment

revoke = Revoke the certificate
revoke-text = Whoever checks revocation will refuse the certificate. This can't be undone.
revoke-why = Why?
revoke-comment = Comment for those who are told
revoke-button = Revoke it
status-revoking = The certificate is being revoked
status-revoking-text = It takes a few seconds until the revocation list has it.
review-revoked-text = Servers and programs that check revocation refuse it.
review-revoked-without-list-text = The CA that issued it can't publish revocation lists, so nobody else can see that it's revoked. The requester is asked to remove it.
fact-revoked = Revoked
fact-revoked-by = Revoked by
fact-revoked-reason = Reason

problem-revoke-cross-site = This was sent from another site. Open your request from the e-mail and revoke the certificate there.
problem-revoke-by-mail = This link shows the request, but can't revoke the certificate. Open the request with the link in our e-mail to the requester.
problem-nothing-to-revoke = There's no certificate to revoke: the request is { status-in-words }.
problem-revoke-ended = The certificate has ended, so nobody accepts it any more.
problem-revocation-not-allowed = The policy doesn't allow you to revoke certificates for the reason { $reason }. Choose another reason, or ask your operators.
problem-no-such-certificate = This CA has issued no such certificate.
problem-jws-malformed = The JWS can't be read: { $part } isn't what RFC 8555 section 7.6 asks for, in base64url without padding.
problem-jws-algorithm = The key of this certificate signs by { $algorithm }. Sign by it, and name it in the protected header as alg.
problem-jws-url = The signed header names another URL. Put { $url } into the protected header as url.
problem-jws-signature = The signature isn't by the private key of the certificate.
finding-give-jws = Send a JWS in flattened JSON: protected, payload and signature.
finding-give-revocation-reason = Send a reason by its name in RFC 5280, such as keyCompromise.
finding-no-revocation-reason = There's no such reason for a revocation.
finding-no-revocation-reason-advice = Send one of { $known }.

## Findings: renewals

finding-renewal-unknown = The certificate to renew isn't known, or the key of its link doesn't fit.
finding-renewal-unknown-advice = Open the certificate from our e-mail or from “My certificates”, and renew it there.
finding-give-replaces = Send the ID of the request whose certificate is renewed.
finding-give-replaces-key = Send the key of the link that opens its certificate.
finding-renewal-none = There's no certificate to renew: the request is { status-in-words }.
finding-renewal-late = The certificate ended on { $ended }. It can be renewed until { days } after its end.
finding-renewal-new-advice = Send a new request.
finding-renewal-other = The certificate belongs to another e-mail address.
finding-renewal-other-advice = Use the address that requested it, or send a new request for yours.
finding-renewal-same-key = This is the key of the certificate to renew.
finding-renewal-same-key-advice = Make a new key: a renewal is the time to replace it.

## Passkeys

passkey-title = Passkey for your decisions
passkey-none = { $address } has no passkey yet.
passkey-have = { $address } has a passkey, added:
passkey-what = Your device makes the passkey and keeps it. You unlock it with a fingerprint, your face, a PIN or a security key. It signs each of your decisions, so nobody who only reads your e-mail can decide for you.
passkey-borrowed-host = This service has no domain of its own yet. If it gets one, you'll set your passkey up again.
passkey-set-up = Set up a passkey
passkey-add = Add another passkey
passkey-back = Back to the request
passkey-no-script = Passkeys need JavaScript. Switch it on for this page, or open the link in another browser.
passkey-failed = Nothing was sent: the passkey was not used. Try again.
passkey-code = Code from the e-mail
passkey-code-hint = We sent a code to { $address }. It works for an hour. Type it here, with or without capital letters and hyphens.
passkey-confirm = Confirm
passkey-another-approver = The code is right. Another approver with a passkey has to vouch for yours: send them this link. They'll ask you for the fingerprint below.
passkey-own-or-others = { $others ->
    [one] The code is right. You have a passkey already, so vouch for the new one with it: open this link. If it's lost, send the link to one other approver with a passkey.
   *[other] The code is right. You have a passkey already, so vouch for the new one with it: open this link. If it's lost, send the link to { $others } other approvers with passkeys.
    }
passkey-done = Your passkey is being added
passkey-done-text = It takes a few seconds. Then go back to the request and decide with it.
vouch-title = Vouch for a passkey
vouch-what = { $address } has made a new passkey for deciding about certificates. Vouch for it only if you know that this person made it. Ask them, but not by e-mail, whether they see the same fingerprint.
vouch-fingerprint = Fingerprint
vouch-address = Your address
vouch-no-passkey = No approver with this address has a passkey. Give the address that gets the approval e-mails.
vouch-go-on = Continue
vouch-button = Vouch with my passkey
vouch-done = Thank you
vouch-done-text = { $address } can use the new passkey once everybody who has to confirm it has done so.
review-needs-passkey = Decisions about this request are signed with a passkey, and you have none yet. Setting one up takes a minute.
review-passkey-hint = Your device asks for your passkey, which signs the decision.
fact-approval-digest = Digest that the approval covers
title-passkey-needed = A passkey is needed
title-passkey-refused = The passkey was not accepted
problem-passkey-needed = Decisions about this request are signed with a passkey. Open the link in a browser, and decide there.
problem-passkey-refused = The signature can't be used ({ $why }). Load the page again, and try again.
problem-passkey-unknown = This passkey doesn't belong to your address here. Use the one that you set up here, or set up a new one.
problem-passkey-copied = The passkey's counter went back, so somebody may have copied the passkey. Tell the operators of this service.
problem-passkey-new = The passkey can't be used ({ $why }). Try again, or use another device.
problem-passkey-unreadable = The answer of the passkey can't be read. Load the page again, and try again.
problem-passkey-no-domain = Passkeys need a domain, and this service is at an IP address. Tell its operators.
problem-passkey-code = The code is wrong, or older than an hour. Type the code of the latest e-mail, or begin again.
finding-give-passkey = Give the answer of the passkey, as base64url.
finding-give-code = Give the code from the e-mail.
mail-enrolment-subject = Code for your new passkey
mail-enrolment-heading = Confirm your new passkey
mail-enrolment = Type this code on the page where you set the passkey up. It works until { $until }.
mail-enrolment-code = { $code }
mail-enrolment-not-you = Nobody but you should have this code. If you did not set up a passkey, somebody else has your approval link: don't pass the code on, and tell the operators of the CA.

## Sign-ins

sign-in-title = Sign in to decide
sign-in-text = You sign in at { $host } and come back here. One more button then confirms your decision.
sign-in-confirm-title = Sign in to confirm
sign-in-confirm-text = You sign in at { $host } and come back here. One more button then confirms your request.
sign-in-go = Continue
signed-in-approve =
    { $kind ->
        [grant] Confirm: let these certificates be issued without asking again
       *[certificate] Confirm: approve this certificate
    }
signed-in-reject =
    { $kind ->
        [grant] Confirm: reject this standing approval
       *[certificate] Confirm: reject this certificate
    }
signed-in-as =
    { $kind ->
        [grant] You are signed in as { $approver }. { $requester } asks for this standing approval. Nothing is decided yet.
       *[certificate] You are signed in as { $approver }. { $requester } asks for this certificate. Nothing is decided yet.
    }
signed-in-confirm = Confirm: this is my request
signed-in-requester =
    { $kind ->
        [grant] You are signed in as { $email }. Nothing is confirmed yet. If you didn't request this standing approval, close this page.
       *[certificate] You are signed in as { $email }. Nothing is confirmed yet. If you didn't request this certificate, close this page.
    }
review-sign-in-approve = Sign in to approve
review-sign-in-reject = Sign in to reject
review-sign-in-hint = You sign in with your organisation for this decision.
title-sign-in-needed = A sign-in is needed
title-sign-in-refused = The sign-in was not accepted
problem-sign-in-needed = Decisions about this request need a sign-in. Open the link in a browser, and decide there.
problem-sign-in-needed-to-confirm = Requests are confirmed by a sign-in. Open the link in a browser, and sign in there.
problem-sign-in-cookie = This sign-in didn't begin in this browser, or took longer than ten minutes. Open the link in the e-mail again, and allow cookies for this page.
problem-sign-in-state = This answer doesn't belong to the sign-in that began in this browser. Open the link in the e-mail again.
problem-sign-in-issuer = This answer is from another sign-in service than the one that was asked. Open the link in the e-mail again. If it happens again, tell the operators of this service.
problem-sign-in-declined = The sign-in ended without success ({ $error }), and nothing was decided. Open the link in the e-mail again to try once more.
problem-sign-in-code = This sign-in was used already, or is too old. Open the link in the e-mail again.
problem-sign-in-client = The sign-in service doesn't accept this service ({ $error }). Tell the operators of this service.
problem-sign-in-provider = The sign-in service doesn't answer. Nothing was decided. Try again in a few minutes.
problem-sign-in-keys = The key of the sign-in service is new here and is being fetched. Press the button again in a few seconds.
problem-sign-in-no-provider = This service has no sign-in service to ask. Tell its operators.
problem-sign-in-no-address = The sign-in service doesn't say which address is yours. Tell the operators of this service.
problem-sign-in-unverified = The sign-in service hasn't verified your address. Tell the operators of this service.
problem-sign-in-other-person = You signed in as somebody else than the approver who got this link. Sign in with that account, or use the link that was sent to you.
problem-sign-in-not-in-group = This link is for a group, and the sign-in service doesn't name you as a member of it. Sign in with another account, or ask whoever manages the group.
problem-own-request = You made this request yourself, so somebody else in the group has to decide.
problem-sign-in-other-requester = You signed in as somebody else than { $email }, the address of this request. Sign out at the sign-in service and sign in as { $email }, or send the request again with your own address.
problem-sign-in-clock = The sign-in is from the future, so a clock is wrong. Tell the operators of this service.
problem-sign-in-expired = The sign-in has expired. Open the link in the e-mail again.
problem-sign-in-old = You signed in too long ago. Sign out at the sign-in service, then open the link in the e-mail again.
problem-sign-in-refused = The sign-in can't be used ({ $why }). Open the link in the e-mail again.
problem-sign-in-reason = The reason is too long to be kept during the sign-in. Shorten it: 2,000 English letters fit, or 650 of other scripts.
finding-give-id-token = Give the ID token of the sign-in.
### Messages to chats: Slack and Teams

chat-submitted =
    { $kind ->
        [grant] A standing approval was requested
       *[certificate] A certificate was requested
    }
chat-pending-approval =
    { $kind ->
        [grant] A standing approval needs a decision
       *[certificate] A certificate needs an approval
    }
chat-reminded =
    { $kind ->
        [grant] A standing approval still needs a decision
       *[certificate] A certificate still needs an approval
    }
chat-escalated =
    { $kind ->
        [grant] A standing approval still needs a decision, and further approvers were asked
       *[certificate] A certificate still needs an approval, and further approvers were asked
    }
chat-approved =
    { $kind ->
        [grant] A request for a standing approval was approved
       *[certificate] A certificate was approved
    }
chat-issued = A certificate was issued
chat-delivered =
    { $kind ->
        [grant] A standing approval is in force
       *[certificate] A certificate was delivered
    }
chat-refused =
    { $kind ->
        [grant] The policy doesn't allow a requested standing approval
       *[certificate] The policy doesn't allow a requested certificate
    }
chat-rejected =
    { $kind ->
        [grant] A requested standing approval was rejected
       *[certificate] A requested certificate was rejected
    }
chat-withdrawn =
    { $kind ->
        [grant] A request for a standing approval was withdrawn
       *[certificate] A request for a certificate was withdrawn
    }
chat-expired =
    { $kind ->
        [grant] No decision about a standing approval was made in time
       *[certificate] No decision about a certificate was made in time
    }
chat-failed =
    { $kind ->
        [grant] A request for a standing approval failed
       *[certificate] A request for a certificate failed
    }
chat-retried =
    { $kind ->
        [grant] A failed request for a standing approval was started again
       *[certificate] A failed request for a certificate was started again
    }
chat-revoked = A certificate was revoked
chat-decide = Approvers decide with the link in their own e-mail. This message decides nothing.
chat-open = Everything that waits for you
chat-test = This channel gets notices about certificates

## Standing approvals

standing-days = { days } from the approval
standing-most =
    { $certificates ->
        [one] at most { $certificates } certificate
       *[other] at most { $certificates } certificates
    }
standing-suffix-hint = A name that begins with a dot stands for every name below it.
mail-standing-days = For
mail-standing-most = Certificates
mail-granted-subject = Your standing approval for { $names }
mail-granted-heading = Your standing approval is ready
mail-granted = Your request was approved. Until { $until }, certificates for these names are issued without asking anyone again.
mail-granted-open = Open the standing approval
mail-granted-credential = Your programs need a credential. Make it on the page above; it's shown once, and only there.
mail-granted-yours = The link is yours alone: whoever has it can make credentials for these certificates.
review-terms-lead =
    { $certificates ->
        [one] For <strong>{ days }</strong> from the approval, <strong>{ $certificates } certificate</strong> for these names is issued without asking anyone again.
       *[other] For <strong>{ days }</strong> from the approval, up to <strong>{ $certificates } certificates</strong> for these names are issued without asking anyone again.
    }
review-terms-each = Each is valid for { days }.
review-terms-last = If you approve it today, it ends on { $until }, and the last certificate under it on { $last } at the latest.
review-terms-granted = The standing approval is in force, and the requester was told.
terms-title = Request a standing approval
terms-lead = For programs that get and renew certificates by themselves. The approvers decide once: after that, certificates for these names are issued without asking again, until the end you choose.
terms-email-hint = We tell you here how it goes. Certificates are issued in your name.
terms-names-hint = One name a line. A name that begins with a dot stands for every name below it: <code>.web.example.com</code>.
terms-profile = What are the certificates for?
terms-bounds = At most { days } and { $certificates } certificates.
terms-days = Days
terms-days-hint = Counted from the approval.
terms-certificates = Certificates
terms-certificates-hint = How many at most. A renewal counts as one, too.
terms-comment-hint = Which programs will use it, and why they need certificates.
terms-preview-title = What would be approved
terms-each = Validity of each certificate
terms-no-profile = The policy has no standing approvals. Ask your operators, or request each certificate by itself.
form-standing = Does a program need certificates again and again? Request a standing approval.
finding-unknown-kind = There's no request of this kind.
finding-unknown-kind-advice = Send certificate or grant, or leave the field out for a certificate.
status-granted-text = Until { $until }, certificates for these names are issued without asking anyone again.
standing-so-far = Certificates under it
standing-none-so-far = None so far.
standing-number = No. { $number }
standing-no-certificate = without a certificate
standing-fold = { $count } more
standing-beyond = The newest { $listed } of { $used } are shown. Your operators can list all of them.
standing-ended-by = Ended by
standing-ending = Ending the standing approval…
standing-ending-text = This takes a few seconds. Then nothing more is issued under it.
standing-over-text = { $why } Certificates that were issued under it stay valid until they end or are revoked.
standing-end = End the standing approval
standing-end-text = Nothing more is issued under it, and its programs are refused. Certificates that were issued stay valid: revoke those that must not be used on their own pages. This can't be undone.
standing-end-reason = Why do you end it?
standing-end-button = End it
credential-title = Credential for programs
credential-text = With it, a program gets certificates in your name without asking anyone. It's shown once: have a safe place for it ready.
credential-replaces = There is one already: No. { $number }, made on { $at }. Another one takes its place. From then on, programs that send the old one are refused, and no new ACME client can register with it. ACME clients that are registered already go on.
credential-make = Make a credential
credential-another = Replace the credential
credential-made-title = Your new credential
credential-made-text = Copy it now: this page is shown once. Treat it like a password.
credential-for-acme = For ACME clients
credential-directory = Server (directory)
credential-key-id = Key ID
credential-mac-key = HMAC key
credential-for-api = For your own programs
credential-bearer = Credential
credential-keep = If somebody else has seen it, replace it, and check the list of certificates. If you don't know some of them, end the standing approval.
title-credential-refused = The credential isn't valid
problem-credential-refused = This credential opens nothing: it isn't complete, or another one has replaced it. Make a new one on the page of the standing approval, with the link in our e-mail, and send it as “Authorization: Bearer …”.
problem-credential-for-certificates = A credential gets certificates, and no standing approvals. Leave it out to request a standing approval.
problem-credential-by-mail = This link shows the standing approval, but can't make a credential. Open the page with the link in our e-mail to the requester.
problem-credential-made = Another credential was made since you opened the page. Load the page again before you replace it.
problem-end-by-mail = This link shows the standing approval, but can't end it. Open the page with the link in our e-mail to the requester.
problem-standing-cross-site = This was sent from another site. Open the page of the standing approval from the e-mail, and do it there.
problem-no-standing = There's no standing approval here. The request is { status-in-words }.
finding-credential-number = The number of the credential isn't a whole number.
finding-credential-number-advice = Send the number of the credential that the new one replaces, 0 for none, or leave it out.
finding-end-reason = Say why you end the standing approval.
finding-give-end-reason = It is kept with the end.
finding-under-standing-replaces = A certificate under a standing approval replaces none.
finding-under-standing-replaces-advice = Leave the field out; revoke the old certificate if it must not be used any more.

## A key made in the browser
newkey-title = Make a key and request a certificate
newkey-lead = This page makes a private key in your browser and a certificate signing request for it. Only the request is sent. The key never leaves this browser unless you take it with you.
newkey-elsewhere = Better for a server: make the key on the machine that uses it
newkey-unable = This page can't make a key here
newkey-no-script = It needs JavaScript. Make the key with a command instead, and send the request by the form.
newkey-no-crypto = The browser has no WebCrypto on this page: it's only there over https, or on localhost. Open the portal over https, or make the key with a command.
newkey-key = The key
newkey-names-hint = The names in the certificate, separated by spaces, such as www.example.com example.com 10.0.0.1.
newkey-kind = Kind of key
newkey-kind-p256 = Fast and short, and nearly every program reads it. Choose this one unless you need another.
newkey-kind-p384 = Where rules ask for it.
newkey-kind-rsa = For programs without elliptic curves. Making it takes a few seconds.
newkey-kind-ed25519 = Modern. Browsers and many TLS servers don't take certificates with it yet.
newkey-no-kind = This profile allows no kind of key that your browser can make. Make the key with a command.
newkey-passphrase = Passphrase for the key file
newkey-passphrase-hint = At least 12 characters: letters, digits, spaces and signs of ASCII, which all programs read the same way. Without it nobody can open the key, and nobody can reset it: keep it in a password manager.
newkey-show = Show what I type
newkey-again = The passphrase again
newkey-keep = Keep the encrypted key file in this browser too
newkey-keep-hint = For the status page of the request, in this browser on this device. Only for a device that is yours. The download is still needed.
newkey-no-store = This browser has no store for it (IndexedDB). Keep the downloaded file.
newkey-button = Make the key and the request
newkey-update = Make the request for these names
newkey-made-text = The key is made. Download its file, which is encrypted with your passphrase: nobody else has a copy, and it's gone from this page when you leave it.
newkey-download = Download the encrypted key
newkey-discard = Discard it and make another
newkey-request = The request
newkey-working = Working …
newkey-failed = The browser reports an error. Try again, or use a command instead.
newkey-passphrase-empty = Enter a passphrase. A key file without one is open to everybody who gets at it.
newkey-passphrase-short = Use at least 12 characters: whoever has the file can try shorter ones out.
newkey-passphrase-characters = Use only letters, digits, spaces and signs of ASCII. Programs read other characters in different ways, and then don't open the file.
newkey-passphrase-differs = The two passphrases differ. Type the same one twice, or show what you type.
newkey-need-key = Before you can send the request, make the key.
newkey-need-request = Before you can send the request, make it for the names as they are now.
newkey-need-download = Before you can send the request, download the encrypted key: nobody can give it to you later.
newkey-no-names = Enter at least one name.
newkey-wrong-names = These aren't host names, IP addresses, e-mail addresses or URIs:
newkey-is-made = The key and the request are made. Download the key next.
newkey-is-updated = The request is made again, with the same key.
newkey-is-kept = This browser keeps the encrypted file too, until you delete it on the status page.
newkey-not-kept = This browser couldn't keep the file. The downloaded one is all there is.
newkey-offer = Make the key in this browser instead

keyfile-title = Your key and the certificate in one file
keyfile-kept = This browser keeps the encrypted key file of this request.
keyfile-kept-use = It's used unless you choose another file.
keyfile-forget = Delete the kept key file
keyfile-no-crypto = The browser has no WebCrypto on this page: it's only there over https, or on localhost. This command makes the file: <code>openssl pkcs12 -export -inkey key.pem -in fullchain.pem -out certificate.p12</code>
keyfile-lead = For the key of this request, from the page that makes keys or from your own tools. Everything happens in this page: neither the key nor the passphrase is sent.
keyfile-choice = Key file
keyfile-choice-hint = PKCS#8 in PEM or DER, encrypted or not. You can also drop it here.
keyfile-passphrase = Passphrase of the key file
keyfile-what = What do you need?
keyfile-modern = PKCS#12
keyfile-modern-hint = For Java, browsers, Windows 10 and later, and most other programs: AES-256 and SHA-256. macOS imports it with <code>security import -f pkcs12</code>.
keyfile-pbmac1 = PKCS#12 with PBMAC1
keyfile-pbmac1-hint = Harder to guess the passphrase of (RFC 9579). For OpenSSL 3.4 and other programs from 2024 on; older ones refuse it.
keyfile-bundle = Key and full chain in one PEM file
keyfile-bundle-hint = For HAProxy and similar programs. The key in it isn't encrypted.
keyfile-key = Key as PEM
keyfile-key-hint = For nginx, Apache and similar programs. It isn't encrypted.
keyfile-fullchain = Full chain as PEM
keyfile-fullchain-hint = The certificate and its issuers, after a check that the key belongs to it. No key.
keyfile-older = My program is older and refuses both PKCS#12 forms
keyfile-older-text = Windows Server 2016 and older versions of macOS want 3DES and SHA-1. WebCrypto has no 3DES. These commands of OpenSSL 3 make such a file out of the first form. Its encryption is weak: delete it once it's imported.
keyfile-another = Another passphrase for the PKCS#12 file
keyfile-another-hint = Empty: that of the key file.
keyfile-open-warning = This file is open to everybody who can read it. Put it on the machine that uses it, readable by its program alone, and delete the download.
keyfile-button = Make the file
keyfile-download = Download
keyfile-is-made = The file is made.
keyfile-is-forgotten = This browser doesn't keep the key file any more.
keyfile-not-forgotten = The browser reports an error. Delete the data of this site in its settings.
keyfile-no-file = Choose the key file.
keyfile-no-key-file = This file isn't a private key. Choose the key file that you downloaded, which ends in <code>-key.pem</code>.
keyfile-other-format = This file has a key in another format. Turn it into PKCS#8: <code>openssl pkcs8 -topk8 -in key.pem -out key-encrypted.pem</code>
keyfile-needs-passphrase = This key file is encrypted. Enter its passphrase.
keyfile-wrong-passphrase = The passphrase doesn't open this key file. Check capital letters and the keyboard; nobody can reset it.
keyfile-unsupported-encryption = Browsers can't open this encryption. Encrypt the key again: <code>openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in key.pem -out key-encrypted.pem</code>
keyfile-unsupported-key = Browsers can't use this kind of key. Make the file with <code>openssl pkcs12 -export</code>.
keyfile-other-key = This is the key of another certificate. Choose the key file that belongs to this request.
keyfile-no-certificate = The certificate couldn't be fetched. Try again in a moment, or open the page again by the mailed link.

## The console

console-title = Console
console-lead = For the operators and auditors whom the policy names. Nobody approves here.
console-by-passkey = Your device shows the passkeys that it has for this site. Choose yours.
console-sign-in-passkey = Sign in with a passkey
console-by-provider = You sign in with your account, and come back here.
console-sign-in-provider = Sign in
console-signed-in-already = I'm signed in already: open the console
console-lead-on = You are led on to { $host }. Sign in there, and come back here.
console-signed-in-as = You signed in as { $person }.
console-open = Open the console
console-sign-out = Sign out
console-auditor = auditor
console-operator = operator
console-overview = Overview
console-certificates = Certificates
console-grants = Standing approvals
console-issuers = Issuers
console-policy = Policy
console-status =
    { $status ->
        [unconfirmed] waiting for the requester to confirm it
        [submitted] being checked
        [pending_approval] waiting for approval
        [approved] approved and being signed
        [issued] issued
        [delivered] delivered
        [refused] refused
        [rejected] rejected
        [withdrawn] withdrawn
        [expired] expired
        [failed] failed
       *[revoked] revoked
    }
console-waiting = Waiting for approval
console-nothing-waits = Nothing waits for approval.
console-failed = Failed
console-nothing-failed = Nothing has failed.
console-in-progress = In progress
console-more = The first { $count } are shown.
console-unconfirmed =
    { $count ->
        [one] { $count } request waits for its requester to confirm it.
       *[other] { $count } requests wait for their requesters to confirm them.
    }
console-unconfirmed-many = { $count } requests or more wait for their requesters to confirm them.
console-in-status = Requests: { $status }
console-all-in = All requests: { $status }
console-next-requests = More requests
console-forecast = Certificates that end
console-within = within { days }
console-count =
    { $count ->
        [one] { $count } certificate
       *[other] { $count } certificates
    }
console-at-least = { $count } certificates or more
console-search-by = Search by
console-by-name = Name, or its beginning
console-by-domain = All names below a domain
console-by-requester = Address of the requester
console-by-profile = Profile
console-by-issuer = Key identifier of the issuer, or its beginning
console-by-serial = Serial number
console-search-for = For
console-search-state = State
console-any-state = Any
console-state-valid = Valid
console-state-ended = Ended
console-state-revoked = Revoked
console-search = Search
console-found = Certificates found
console-ending-within = Certificates that end within { days }
console-none-found = There are none.
console-none-so-far = The certificates looked at so far are in other states. Look at more of them.
console-next = More certificates
console-no-address = This is no e-mail address. Type it in full, such as alice@example.com.
console-no-profile = The policy has no profile of this name. See the profiles under “Policy”.
console-no-issuer = No issuer, or more than one, has a key identifier that begins so. See them under “Issuers”.
console-no-serial = This is no serial number. Type its hexadecimal digits, with or without colons.
console-no-place = The address of this page was changed. Search again.
console-used = { $used } of { $most } certificates used.
console-grant-until = Ends on { $until }.
console-no-grants = There are no standing approvals.
console-issuer-in-force = In force
console-issuer-former = Former
console-key-identifier = Key identifier
console-valid-from = Valid from
console-list = Revocation list
console-list-number = No. { $number }, of { $at }.
console-revoked-count =
    { $count ->
        [0] Nothing is revoked.
        [one] { $count } certificate is on it.
       *[other] { $count } certificates are on it.
    }
console-list-next = Next list before
console-list-late = Late: whoever checks it refuses certificates
console-no-list = None was published.
console-issued-by = Certificates of this issuer
console-policy-version = Version
console-operators = Operators
console-auditors = Auditors
console-approvers = Approvers
console-escalation = Decide too after escalation
console-identity = Approvers prove themselves by
console-identity-mail = a link in an e-mail
console-identity-passkey = a passkey
console-identity-oidc = a sign-in
console-validity = Certificates are valid for
console-standing-bounds = at most { $certificates } certificates in { days }
console-policy-where = The policy is changed with the command, not here.
console-facts = Request
console-decide-until = To be decided until
console-execution = Execution
console-execution-open = Open in Step Functions
console-votes = Votes
console-in-place = in the place of { $people }
console-approved = approved
console-rejected = rejected
console-proof-passkey = Signed by passkey { $id }; checked now.
console-proof-oidc = Signed in at the identity provider; checked now.
console-proof-mail = By a link in an e-mail.
console-proof-wrong = The proof is wrong: { $why }.
console-operations = Actions of operators
console-operation =
    { $operation ->
        [resend] New links to the approvers
        [end] End of the standing approval
       *[retry] Continued after a failure
    }
console-audit = Audit
console-audit-good =
    { $count ->
        [one] Checked now: the trail of { $count } event is complete and unaltered, and the row agrees with it.
       *[other] Checked now: the trail of { $count } events is complete and unaltered, and the row agrees with it.
    }
console-audit-bad = Checked now: trail and row do not agree. Compare them with an export, and tell whoever is responsible for security.
console-trail = All events
console-reason = Your reason
console-reason-hint = It is kept with the request. At most 500 characters.
console-resend = Send new links to the approvers
console-resend-text = Everybody who may decide gets a new link. Earlier links stop working; votes stay.
console-resend-button = Send new links
console-retry = Continue the request
console-retry-text = The request goes on where it stopped. What was approved stays approved, and no second certificate is made.
console-retry-button = Continue
console-revoke = Revoke the certificate
console-revoke-text = Whoever checks refuses the certificate within minutes. This can't be undone. The requester and the approvers get an e-mail with your reason.
console-revoke-button = Revoke
console-end = End the standing approval
console-end-text = Nothing more is issued under it. Certificates that were issued stay valid. This can't be undone. The requester gets an e-mail.
console-end-button = End
problem-console-sign-in = The console needs a sign-in. Open it in a browser.
problem-console-cross-site = This was sent from another site, so nothing was done. Open the console and do it there.
problem-console-form = This form is of another session, so nothing was done. Open the page again and send it from there.
problem-console-auditor = Auditors read. Ask an operator to do this.
problem-console-action = There is no such action. Choose one of those on the page.
problem-console-nothing-to-resend = Nobody is asked about this request any more, so there are no links to send.
problem-console-not-failed = Only a failed request goes on; this one is { status-in-words }.
problem-console-too-many = The request holds the reasons of 50 actions, and no more fit. Use the command instead.
problem-console-passkey = This passkey opens no console here. Use another one, or ask an operator to invite you.
problem-console-ticket = This sign-in took longer than five minutes, or began in another browser. Try again.
problem-console-stranger = The policy names you neither as an operator nor as an auditor. Sign in with another account, or ask the operators.
finding-give-console-reason = Say why, for those who read the trail later.
