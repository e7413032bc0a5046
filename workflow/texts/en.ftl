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
review-standing-text =
    { $status ->
        [delivered] The certificate was mailed to the requester.
       *[other] The request is { status-in-words }.
    }
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
problem-no-such-link = This link does not open anything. Please open it again from the newest mail about the request, whole, up to its last character.
problem-not-answered = Something we depend on did not answer. Nothing was lost; please try again in a moment.
problem-try-again = Please try again.
problem-too-many-waiting = { $limit } requests with this e-mail address wait for a decision already, and no more are taken until some are decided. Please withdraw those that are no longer needed (see “My certificates”), or ask again later.
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

status-withdrawn = You withdrew the request
status-withdrawn-text = The approvers need not decide any more, and no certificate is issued. You can ask again at any time.
event-withdrawn = Withdrawn
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
mine-keep = This page opens for an hour. Whoever has its link can see what you see.
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

## Not one request

finding-private-key = The text holds a private key. It was neither stored nor logged.
finding-private-key-advice = Never send a private key to anybody: take this one out of use, make a new key, and send only its certificate signing request.
finding-how-to = Paste the file that begins with { $begin }. Make one with: { $command }
finding-text-too-large = The text has { $bytes } bytes; at most { $most } are read.
finding-send-alone = Send the certificate signing request alone.
finding-no-text = There is no certificate signing request.
finding-several-requests = The text holds { $count } requests.
finding-one-by-one = Send them one by one.
finding-several-blocks = The text holds { $count } PEM blocks: { $labels }.
finding-another-pem = another PEM file
finding-is-other-pem = This is { $label }, no certificate signing request.
finding-ssh-key = This is an SSH public key.
finding-damaged-begin = The line with BEGIN CERTIFICATE REQUEST is damaged.
finding-damaged-begin-advice = It has five hyphens before and after: { $begin }. Some mail programs change them into dashes; attach or choose the file instead.
finding-no-csr = This is no certificate signing request.
finding-cut-off = The request is cut off: its END line is missing.
finding-cut-off-advice = Copy the whole file, up to and with the line { $end }.
finding-no-base64 = The text between BEGIN and END is no base64.
finding-no-base64-advice = Copy the file again, without changing anything in it.
finding-certificate = This is a certificate, not a certificate signing request.
finding-certificate-advice = Send the request it was made from, or make a new one: { $convert }, or { $make }.
finding-public-key = This is a public key alone, not a certificate signing request.
finding-public-key-advice = Make a request with the private key it belongs to: { $command }
finding-other-signed = This is a CRL or a PKCS#7 file, not a certificate signing request.
finding-request-too-large = The request has { $bytes } bytes; at most { $most } are read.
finding-fewer-names = Ask for fewer names in one request.
finding-not-well-formed = This is no well-formed certificate signing request (PKCS#10).
finding-one-more-byte = One more byte follows after the end of the request.
finding-more-bytes = { $count } more bytes follow after the end of the request.
finding-no-der = The outer structure of the request is no DER.
finding-version = The version of the request is not 1.
finding-signature-octets = The signature of the request is no whole number of octets.

## Keys

finding-new-key = Make a new key, for example: { $command }
finding-supported-keys = Use EC P-256, P-384 or P-521, RSA of 2048 to { $most } bits, or Ed25519. { $advice }
finding-key-malformed = The public key is not well formed.
finding-key-not-der = The public key is not encoded in DER, as certificates need it.
finding-key-octets = The public key is no whole number of octets.
finding-rsa-too-long = RSA key of { $bits } bits; at most { $most } are supported.
finding-rsa-parameters = The RSA key has algorithm parameters other than NULL.
finding-rsa-malformed = The RSA key is not well formed.
finding-ec-curve = EC key on the curve { $curve }.
finding-ec-explicit = EC key with explicit curve parameters.
finding-ec-compressed = EC key in compressed form.
finding-ec-no-point = The { $key } key is no point in uncompressed form.
finding-ed25519-malformed = The Ed25519 key is not well formed.
finding-key-kind = Key of the kind { $kind }.
finding-key-pss = Key of the kind RSASSA-PSS (use a plain RSA key).
finding-not-on-curve = The { $key } key is no point on its curve, or no valid key.
finding-rsa-too-short = RSA key of { $bits } bits; at least { $fewest } are needed.
finding-rsa-new-key = Make one with: { $command }
finding-rsa-odd-size = RSA modulus of { $bits } bits, which is no multiple of 8.
finding-rsa-exponent-octets = RSA key with a public exponent of { $count } octets.
finding-rsa-exponent-large = RSA key with the public exponent { $exponent }, larger than other programs accept.
finding-rsa-exponent-small = RSA key with the public exponent { $exponent }; an odd number of at least 65537 is needed.
finding-rsa-exponent-advice = Use the usual exponent 65537. { $advice }
finding-rsa-divisible = RSA key whose modulus is divisible by { $prime }.
finding-rsa-roca = RSA key of the faulty Infineon library (ROCA, CVE-2017-15361).
finding-rsa-square = RSA key whose modulus is a square.
finding-rsa-close = RSA key whose two primes are too close together (Fermat, CVE-2022-26320).
finding-rsa-prime = RSA key whose modulus is a prime.
finding-ed25519-small-order = Ed25519 key that is a point of small order.
finding-profile-no-use = The profile { $profile } has no use for a key of the kind { $key }.
finding-profile-keys = The profile { $profile } does not allow { $key } keys.
finding-profile-keys-advice = It allows: { $allowed }.
finding-profile-rsa = RSA key of { $bits } bits; the profile { $profile } needs at least { $fewest }.
finding-key-denied = The key with the SHA-256 { $digest } is on the list of keys that are known to others.

## Signatures

finding-resign = Make the request again with SHA-256: { $command }
finding-weak-digest = The request is signed with { $digest }; SHA-256 or better is needed.
finding-unknown-signature = The request is signed with { $what }, which cannot be verified here.
finding-signature-algorithm = the algorithm { $algorithm }
finding-signature-pss-malformed = RSASSA-PSS with malformed parameters
finding-signature-pss-digest = RSASSA-PSS and the digest { $digest }
finding-signature-pss-unusual = RSASSA-PSS with parameters that nobody uses
finding-signature-other-kind = The key is { $key }, but the signature is of another kind.
finding-signature-wrong = The request is not signed by the private key that belongs to its public key.
finding-signature-advice = It was changed or damaged after it was made, or made with another key. Make it again: { $command }

## Names

finding-several-common-names = The subject has several common names.
finding-several-common-names-advice = Keep one; put all names into subjectAltName.
finding-common-name-no-text = The common name is no text.
finding-common-name-no-text-advice = Write it as UTF8String or PrintableString.
finding-common-name-character = The common name { $name } has the character { $character }.
finding-common-name-character-advice = Write it with visible characters only.
finding-common-name-long = The common name has { $count } characters; at most { $most } are possible.
finding-common-name-long-advice = Leave the common name out, and put the name into subjectAltName.
finding-common-name-left-out = The common name { $name } is no DNS name or IP address.
finding-common-name-left-out-advice = The certificate comes without it; clients look at subjectAltName only.
finding-no-san = The request has no subjectAltName, and its common name { $name } is no full DNS name or IP address.
finding-no-names = The request names nothing: it has neither a subjectAltName nor a common name.
finding-no-names-advice = Add the names that clients connect to. With openssl: { $command }
finding-no-name = { $name } is not a name.
finding-no-name-advice = Give a DNS name, an IP address, an e-mail address or a URI.
finding-name-malformed = The name { $name } is not well formed.
finding-name-malformed-advice = Write names in ASCII, internationalized ones with A-labels (xn--).
finding-too-many-names = { $count } names in one request; at most { $most } are read.
finding-spread-names = Spread them over several certificates.
finding-ip-octets = An IP address of { $count } octets.
finding-ip-octets-advice = An IPv4 address has 4 octets and an IPv6 address 16, without a mask. With openssl: { $command }
finding-ip-no-host = The IP address { $address } is not the address of one host.
finding-ip-no-host-advice = Ask for the address that clients connect to.
finding-dns-empty = The DNS name { $name } is empty.
finding-dns-empty-advice = Leave it out, or write the full name of the host.
finding-dns-no-ascii = The DNS name { $name } is not written in ASCII.
finding-dns-a-labels = Write it with A-labels, as certificates hold it: { $ascii }
finding-dns-characters = Only the letters a-z, digits, hyphens and dots make a DNS name.
finding-dns-long = The DNS name { $name } has { $count } characters; the longest DNS name has { $most }.
finding-dns-long-advice = Use a shorter name.
finding-dns-dot = The DNS name { $name } ends in a dot.
finding-dns-dot-advice = Write it without the dot at the end.
finding-dns-address = The DNS name { $name } is an IP address.
finding-dns-address-advice = Ask for it as an address. With openssl: { $command }
finding-dns-star = The DNS name { $name } has a * in the wrong place.
finding-dns-star-advice = A wildcard is the whole leftmost label, as in { $example }.
finding-dns-single-label = The DNS name { $name } is a single label.
finding-dns-wildcard-tld = The DNS name { $name } is a wildcard over a whole top-level domain.
finding-dns-full-name = Write the full name with its domain, as in { $example }.
finding-dns-digits = The DNS name { $name } ends in a label of digits only.
finding-dns-digits-advice = Write the full name with its domain, or ask for an IP address.
finding-dns-empty-label = The DNS name { $name } has an empty label.
finding-dns-empty-label-advice = Remove the extra dot.
finding-dns-long-label = The DNS name { $name } has a label of { $count } characters; the longest has { $most }.
finding-dns-long-label-advice = Shorten that label.
finding-dns-character = The DNS name { $name } has the character { $character }.
finding-dns-hyphen = The DNS name { $name } has the label { $label } with a hyphen at its start or end.
finding-dns-hyphen-advice = Hyphens stand between letters or digits.
finding-dns-reserved = The DNS name { $name } has the reserved label { $label }.
finding-dns-reserved-advice = Only A-labels, which begin with xn--, have two hyphens in that place.
finding-dns-a-label = The DNS name { $name } has the label { $label }, which is no valid A-label.
finding-dns-a-label-advice = Convert the internationalized name again, with a tool that follows IDNA 2008.
finding-mixed-scripts = The label { $label } of { $name } mixes several scripts; people may take it for another name.
finding-look-alike = The label { $label } of { $name } is made of letters that look like Latin ones; people may take it for another name.
finding-look-alike-advice = Approve it only if the requester really owns this name.
finding-mail-advice = Write one plain address, as in { $example }.
finding-mail-long = The e-mail address { $name } has { $count } characters; the longest has { $most }.
finding-mail-no-at = The e-mail address { $name } has no @.
finding-mail-local = The e-mail address { $name } has { $count } characters before the @; between 1 and { $most } are possible.
finding-mail-dot = The e-mail address { $name } has a dot in the wrong place.
finding-mail-character = The e-mail address { $name } has the character { $character } before the @.
finding-mail-wildcard = The e-mail address { $name } has a wildcard in its domain.
finding-mail-domain = The e-mail address { $name } has no valid domain after the @. { $why }
finding-uri-advice = Write an absolute URI with a host, as in { $first } or { $second }.
finding-uri-long = The URI { $name } has { $count } characters; the longest has { $most }.
finding-uri-character = The URI { $name } has a character that no URI has.
finding-uri-no-scheme = The URI { $name } has no scheme.
finding-uri-no-host = The URI { $name } has no host.
finding-uri-user = The URI { $name } has user information before the host.
finding-uri-malformed = The URI { $name } is not well formed.
finding-uri-host = The URI { $name } has no host that is a full DNS name or an address.
finding-uri-scheme-case = The URI { $name } has a scheme that is not in lower case.
finding-uri-trust-domain = The URI { $name } has no trust domain of 1 to 255 characters.
finding-uri-trust-domain-characters = The URI { $name } has a trust domain with other characters than a-z, digits, dots, hyphens and underscores.
finding-uri-query = The URI { $name } has a query, a fragment or a percent sign, which a SPIFFE ID has not.
finding-uri-path = The URI { $name } has an empty, relative or otherwise invalid path segment.

## What the profile allows

finding-unknown-profile = There is no profile { $profile }.
finding-unknown-profile-advice = Choose one of: { $known }.
finding-profile-too-many-names = { $count } names; the profile { $profile } allows { $most }.
finding-wildcard = The { finding-kind } { $name } is a wildcard, which the profile { $profile } does not allow.
finding-wildcard-advice = List the names one by one, or choose a profile that allows wildcards.
finding-name-kind = The { finding-kind } { $name } is of a kind that is not certified by the profile { $profile }.
finding-name-excluded = The { finding-kind } { $name } is excluded (rule { $rule }) by the profile { $profile }.
finding-name-outside = The { finding-kind } { $name } is outside of what is allowed by the profile { $profile }.
finding-other-profile = Choose another profile.
finding-allowed-names = Allowed are { $allowed }.
finding-allowed-dns = DNS names in: { $allow }
finding-allowed-ip = IP addresses in: { $allow }
finding-allowed-mail = e-mail addresses in: { $allow }
finding-allowed-uri = URIs below: { $allow }
finding-allowed-but = { $allowed }; but not { $deny }
finding-not-for-everybody = The profile { $profile } is not for everybody.
finding-not-for-everybody-advice = Whether you may ask for these names shows when you submit with your e-mail address.
finding-not-for-domain = The profile { $profile } is not for requesters with e-mail addresses in { $domain }.
finding-not-for-domain-advice = Choose another profile, or ask with the e-mail address of the team that owns these names.
finding-name-not-for-domain = The { finding-kind } { $name } may not be asked for with an e-mail address in { $domain }.
finding-name-not-for-domain-advice = Ask with the e-mail address of the team that owns this name.
finding-constrained-name = The name constraints of the certificate authority { $forbid ->
        [exclude] exclude
       *[permit] do not permit
    } the { finding-kind } { $name }.
finding-constrained-subject = The name constraints of the certificate authority { $forbid ->
        [exclude] exclude
       *[permit] do not permit
    } the subject { $subject }.
finding-constrained-advice = No profile changes that. Leave the name out, or ask the operators who can certify it.

## Wishes

finding-comes-without = The certificate comes without it.
finding-again-without = Make the request again without it.
finding-choose-for-purpose = { $without } If you need it, choose: { $profiles }.
finding-authority = The request asks for the certificate of an authority (basicConstraints CA:TRUE).
finding-authority-advice = No profile issues those. Make the request again without that extension.
finding-key-usage = The key usage { $usage } is not granted by the profile { $profile } for { $key } keys.
finding-purpose = The purpose { $purpose } is not granted by the profile { $profile }.
finding-other-name = The request has a name of the kind { $kind }, which is not certified.
finding-extension = The requested extension { $extension } is not granted: the profile sets the extensions.
finding-attribute = The attribute { $attribute } of the request has no place in a certificate.
finding-subject-parts = Of the requested subject, { $parts } is left out: only names that were checked are certified.
finding-extension-twice = The requested extension { $extension } is there twice.
finding-extension-unreadable = The requested extension { $extension } cannot be read.
finding-extensions-unreadable = The requested extension list cannot be read.
finding-extension-advice = Make the request again without it: the profile sets the extensions of the certificate.

## The requester's address

finding-email-advice = Enter one address, such as { $example }.
finding-email-missing = There is no e-mail address.
finding-email-long = The e-mail address has { $bytes } bytes; { $most } is the limit.
finding-email-control = The e-mail address contains a line break or another control character.
finding-email-several = The e-mail address is more than one plain address.
finding-email-no-at = The e-mail address has no @.
finding-email-half = The e-mail address has nothing before or after the @.
finding-email-unreachable = The e-mail address is not one that mail can be sent to.

## Findings: what the web front finds in a form

# The name of a field, as programs spell it; other languages say what people call it.
finding-field = { $field }
finding-missing = The field { finding-field } is missing or empty.
finding-give-email = Please give your e-mail address.
finding-give-request = Please give the certificate signing request.
finding-give-decision = Please say approve or reject.
finding-give-digest = Please give the digest that the review showed.
finding-give-reason = Please give the reason of a rejection, which the requester reads.
finding-no-string = The field { finding-field } is { json-kind }.
finding-no-string-advice = It must be a string.
finding-two-requests = You pasted one request and chose a file with another.
finding-two-requests-advice = Empty the text, or send the form without a file.
finding-text-long = The { finding-field } has { $count } characters; at most { $most } are read.
finding-text-long-advice = Please say it shorter.
finding-text-control = The { finding-field } contains a control character.
finding-text-control-advice = Write plain text.
finding-decision = The decision is neither approve nor reject.
finding-decision-advice = Send one of them.
finding-unfit-key = The Idempotency-Key { $key } cannot be used as one.
finding-unfit-key-advice = Send at most { $most } visible ASCII characters, such as a UUID.
finding-key-used = This Idempotency-Key was used for another request.
finding-key-used-advice = Send a new key with a new request.
finding-nobody-else = The profile { $profile } has too few approvers other than you, and nobody approves their own request.
finding-nobody-else-advice = Choose another profile, or ask the operators to add an approver.
