# 画面やメールで使うすべての文言(日本語)。IDと値は en.ftl とすべて一致させること(workflow/tests/texts.rs)。

## 言語名と日付

language-name = 日本語
date-month = { $month }月
date-day = { $year }年{ date-month }{ $day }日
date-instant = { date-day } { $time } UTC

## 複数の箇所で使う語

days = { $days }日
none = なし
list-separator = {"、"}
usage-server = TLSサーバー
usage-client = TLSクライアント
usage-digital-signature = デジタル署名
usage-key-encipherment = 鍵の暗号化
usage-key-agreement = 鍵共有
# 文中で使う申請の状態。バリアントはテーブルの status の値。
status-in-words =
    { $status ->
        [submitted] 確認中
        [pending_approval] 承認待ち
        [approved] 承認済み(署名処理中)
        [issued] 発行済み
        [delivered] 送付済み
        [refused] 受付不可
        [rejected] 却下済み
        [expired] 期限切れ
        [failed] システム側の障害により停止中
       *[revoked] 失効済み
    }
# 文中で使う判断の結果。
outcome-in-words =
    { $outcome ->
        [approved] 承認済み
        [rejected] 却下済み
       *[expired] 期限切れ
    }

## 画面: 共通部分

page-skip = 本文へ移動
page-navigation = サイト
page-new-request = 新規申請
page-ca-certificate = CA証明書
page-footer = 証明書の発行には、申請する人と承認する人の2人が必要です。
remark-refused = 許可されていません
remark-warning = 要確認
remark-ignored = 証明書に含まれません

## 画面: 申請フォーム

form-title = 証明書を申請する
form-lead = 証明書署名要求 (CSR) を送信してください。承認者が内容を確認し、承認されると証明書がメールで届きます。
form-several-wrong = 修正が必要な項目が{ $count }件あります
form-email = あなたのメールアドレス
form-email-hint = 証明書はこのアドレスに届きます。
form-csr = 証明書署名要求 (CSR)
form-csr-hint = <code>-----BEGIN CERTIFICATE REQUEST-----</code> で始まるテキストを貼り付けるか、ファイルを選択してください。秘密鍵は決して送らないでください。
form-file = またはファイルを選択
form-profile = 用途を選択してください
form-comment = 承認者へのコメント
form-comment-hint = 何を動かすのか、なぜ証明書が必要なのかをお書きください。
form-optional = 任意
form-send = 申請を送信する
form-check = 送信前に確認する
form-private-key-title = これは秘密鍵です
form-private-key-text = 送信はされていません。秘密鍵は誰にも渡さず、代わりにその鍵の証明書署名要求 (CSR) を貼り付けてください。
form-help = 証明書署名要求 (CSR) の作り方
form-help-where = 証明書を使うマシンで、名前をご自身のものに置き換えて実行してください。
form-help-send = <code>request.csr</code> を送信してください。<code>key.pem</code> はそのマシンから動かさないでください。ほかの人が必要とすることは決してありません。
preview-title = 発行される証明書の内容
preview-valid-for = 有効期間
preview-valid-profile = { days }(プロファイル: { $profile })
preview-allowed = ポリシー上の問題はありません。発行の可否は承認者が判断します。
preview-nothing-sent = まだ申請は送信されていません。

## 画面: 申請の内容

fact-names = 名前
fact-subject = サブジェクト
fact-key = 鍵
fact-use = 用途
fact-profile = プロファイル
fact-by = 申請者
fact-comment = コメント
fact-serial = シリアル番号
fact-valid-until = 有効期限
fact-request = 申請番号
fact-asked = 申請日時
fact-public-key-digest = 公開鍵 (SHA-256)
fact-request-digest = 証明書署名要求 (SHA-256)
fact-request-number = 申請番号

## 画面: 申請の状況

status-submitted = 申請の内容を確認しています
status-submitted-text = 数秒で終わります。このページへのリンクをメールでもお送りします。
status-pending = 承認を待っています
status-pending-text = 承認者にメールで依頼しました。判断があり次第、メールでお知らせします。
status-pending-until-text = 承認者にメールで依頼しました。判断の期限は { $until } です。判断があり次第、メールでお知らせします。
status-approved = 承認されました。署名しています
status-approved-text = 数秒で終わります。
status-ready = 証明書の準備ができました
status-issued-text = メールでもお送りしているところです。
status-delivered-text = メールでもお送りしました。
status-refused = ポリシーにより、この申請は受け付けられません
status-refused-text = 問題点と対処方法は下記のとおりです。修正して、もう一度申請できます。
status-rejected = 申請は却下されました
status-rejected-text = 承認者に相談のうえ、もう一度申請できます。
status-expired = 期限までに判断されませんでした
status-expired-text = もう一度申請できます。承認者に、待っていることを直接伝えるとよいでしょう。
status-failed = システム側で問題が発生しました
status-failed-text = 運用担当者に通知済みで、これから調査します。あなたの側で必要な作業はありません。
status-revoked = 証明書は失効しました
status-revoked-text = この証明書は、今後使用しないでください。
status-download-zip = certificate.zip をダウンロード
status-download-pem = 証明書のみ (PEM)
status-why = 理由
status-found = 確認の結果
status-ask-again = もう一度申請する
status-so-far = これまでの経過
status-to-come = これから
status-asked-for = 申請の内容
status-keep-link = このページのリンクを保管してください。申請の状況は、このリンクから確認できます。リンクを知っている人は誰でも、申請と証明書を見ることができます。
event-submitted = 受付
event-pending = 承認者へ依頼
event-approved = 承認
event-issued = 署名
event-delivered = メールで送付
event-refused = 受付不可
event-rejected = 却下
event-expired = 期限切れ
event-failed = 停止
event-revoked = 失効

## 画面: 承認者の確認

review-title = 証明書の承認
review-question = この証明書を発行しますか?
review-the-request = 申請
review-asks = 申請者 <strong>{ $requester }</strong>、プロファイル <strong>{ $profile }</strong>
review-asks-valid = 申請者 <strong>{ $requester }</strong>、有効期間 { days }、プロファイル <strong>{ $profile }</strong>
review-no-comment = コメントはありません。
review-would-refuse = 承認しても、現在のポリシーでは署名できません。
review-allowed = ポリシー上の問題はありません。
review-allowed-nothing-unusual = ポリシー上の問題はなく、通常と異なる点も見つかりませんでした。
review-live = 同じ名前または同じ鍵の証明書が{ $count }件使用中です。
review-same-key = 同じ鍵
review-live-one = 申請者 { $email }、有効期限 { $until }
review-have-approved = あなたは承認済みです。{ review-approvals }
review-approvals = 承認 { $approvals } 件(必要数 { $quorum } 件)。
review-reason = 理由
review-reason-hint = 却下した場合、申請者に伝わります。
review-approve = 承認する
review-reject = 却下する
review-you-decide = { $approver } として判断します。期限は { $until } です。
review-decisions = これまでの判断
review-vote-approved = <strong>{ $approver }</strong> が承認しました({ $at })
review-vote-rejected = <strong>{ $approver }</strong> が却下しました({ $at })
review-details = 詳細
review-no-usages = 許可された用途はありません
review-approved = 承認されました
review-standing-text = この申請は{ status-in-words }です。
review-rejected = 却下されました
review-rejected-text = この申請は却下されました。証明書は発行されません。
review-expired = 期限切れです
review-expired-text = この申請は、期限までに判断されませんでした。
review-ended = 判断は不要です
review-thanks-approved-text = ありがとうございました。証明書に署名し、申請者にメールで送ります。
review-thanks-recorded = 承認を記録しました
review-thanks-recorded-text = ありがとうございました。発行には、ほかの承認者の承認も必要です。
review-thanks-rejected-text = ありがとうございました。結果を申請者に伝えます。理由を入力された場合は、理由も伝えます。

## 問題の見出し(コードごとに1つ)

title-not-a-csr = 証明書署名要求 (CSR) ではありません
title-private-key-submitted = 秘密鍵が送信されました
title-too-large = サイズが大きすぎます
title-bad-signature = 証明書署名要求が、それ自身の鍵で署名されていません
title-unsupported-key = 対応していない種類の鍵です
title-weak-key = 鍵の強度が不足しています
title-weak-signature = 証明書署名要求が、安全でないダイジェストで署名されています
title-bad-name = 正しくない名前があります
title-forbidden-extension = 要求できない項目が含まれています
title-name-not-allowed = 許可されていない名前があります
title-unknown-profile = そのプロファイルはありません
title-bad-email = このメールアドレスは使用できません
title-missing-field = 入力されていない項目があります
title-bad-request = 内容を読み取れませんでした
title-not-found = 見つかりません
title-already-decided = すでに判断されています
title-expired = 判断の期限を過ぎています
title-try-again = もう一度お試しください

## 問題の説明

problem-error = エラー { $status }
problem-no-such-page = このアドレスには何もありません。
problem-no-such-link = このリンクでは何も開けません。メールにあるリンクを、最後の文字まで欠けのない状態で開き直してください。
problem-not-answered = 必要なサービスから応答がありませんでした。失われたデータはありません。しばらくしてから、もう一度お試しください。
problem-try-again = もう一度お試しください。
problem-method = このアドレスでは { $method } を使用できません。
problem-content-type = Content-Type は application/json、application/x-www-form-urlencoded、multipart/form-data のいずれかにしてください。
problem-too-large = 本文が { $bytes } バイトを超えています。証明書署名要求だけを送信してください。
problem-broke-off = 本文が途中で途切れました。もう一度送信してください。
problem-no-object = 本文が{ json-kind }になっています。JSONオブジェクトを送信してください。
problem-no-json = 本文がJSONではありません({ $line }行目、{ $column }文字目)。
problem-unreadable-form = フォームの内容を読み取れませんでした。もう一度送信してください。
json-kind =
    { $kind ->
        [null] null
        [boolean] 真偽値
        [number] 数値
        [string] 文字列
        [array] 配列
       *[object] オブジェクト
    }
problem-no-zip = 現在、zipファイルを作成できません。もう一度試すか、PEMファイルをダウンロードしてください。
problem-no-ca = 認証局 (CA) がまだ用意されていません。運用担当者による設定が必要です。
problem-no-certificate = ダウンロードできる証明書はありません。この申請は{ status-in-words }です。
problem-no-certificate-yet = 証明書はまだありません。この申請は{ status-in-words }です。
problem-unreadable-certificate = 証明書を読み込めませんでした。しばらくしてから、もう一度お試しください。
problem-still-being-read = 申請の内容を読み込んでいる途中です。しばらくしてから、もう一度お試しください。
problem-cross-site = この判断は別のサイトから送信されました。メールのリンクを開き、そのページで判断してください。
problem-ended = この申請はすでに終了しています(現在の状態: { status-in-words })。
problem-already-decided = この申請はすでに{ outcome-in-words }です。その結果は変わりません。
problem-decided-otherwise = あなたはすでに別の判断をしています。その判断は変わりません。
problem-stale = あなたが判断した内容は、現在の申請の内容と異なります。もう一度申請を確認してから判断してください。
problem-expired = この申請は期限までに判断されなかったため、もう判断できません。申請者には通知済みで、あらためて申請できます。
problem-withdrawn = 申請者がこの申請を取り下げました。判断していただくことはもうありません。
problem-cancel-cross-site = 別のサイトから送信されました。メールのリンクから申請を開き、そこで取り下げてください。
problem-cancel-too-early = 申請はまだ確認中です。少し待ってからもう一度お試しください。
problem-cancel-too-late = この申請はもう取り下げられません。現在の状態は「{ status-in-words }」です。
problem-no-overview = このリンクでは何も開けません。リンクの有効時間は1時間です。新しいリンクを請求してください。

## Pages: more about the review

review-unusual = 新しい点・通常と異なる点
review-reason-when = 却下の場合は必須
review-lacking = { $group } の承認があと { $approvals } 件必要です。
review-withdrawn = 取り下げられました
review-withdrawn-text = 申請者がこの申請を取り下げました。判断していただくことはもうありません。
unusual-first = これまで申請されたことのない名前です：{ $names }
unusual-wildcard = { $name } は { $parent } の直下にあるすべての名前に有効です。
unusual-known-key = この鍵は以前の申請 { $count } 件（{ $of }）でも使われています。
unusual-looks-like = { $name } は、ほかの人が申請した { $other } とよく似ています。

## Pages: withdrawing, my certificates, commands

status-cancel = 申請を取り下げる
status-cancel-text = 取り下げると、承認者の判断は不要になり、証明書は発行されません。いつでも再申請できます。
status-cancel-button = 取り下げる
mine-title = 自分の証明書
mine-lead = メールアドレスを入力してください。証明書と申請の一覧へのリンクをメールでお送りします。
mine-send = リンクを送る
mine-sent = メールをご確認ください
mine-sent-text = { $email } の申請があれば、一覧へのリンクをお送りします。リンクの有効時間は1時間です。
mine-live = 使用中
mine-waiting = 手続き中
mine-ended = 終了
mine-until = 有効期限 { $until }
mine-asked = 申請日時 { $at }
mine-open = 申請を見る
mine-keep = このページは1時間だけ開けます。アドレスを知っている人は誰でも同じ内容を見られます。
commands-title = 署名要求を作るコマンド
commands-lead = 証明書を使うマシンで、秘密鍵と証明書署名要求 (CSR) を作成します。
commands-names = 名前
commands-names-hint = マシンの名前を空白で区切って入力してください。例：www.example.com example.com 10.0.0.1
commands-write = コマンドを作成
form-commands = 自分の名前でコマンドを作成する
### Mails

mail-moment = { date-day }({ mail-weekday }){ $time } UTC
mail-weekday =
    { $weekday ->
        [1] 月
        [2] 火
        [3] 水
        [4] 木
        [5] 金
        [6] 土
       *[7] 日
    }
mail-some-certificate = 証明書
mail-names-in-short = { $name } ほか{ $more }件
mail-more-lines = ほか{ $more }件
mail-names = 名前
mail-subject = サブジェクト
mail-key = 鍵
mail-profile = プロファイル
mail-code = コード
mail-asked-on = 申請日
mail-decide-by = 承認期限
mail-requester = 申請者
mail-valid-until = 有効期限
mail-serial = シリアル番号
mail-severity-refused = 受け付けできません
mail-severity-warning = ご確認ください
mail-severity-ignored = 反映されません
mail-button-fails = ボタンが使えない場合は、次のアドレスを開いてください:
mail-signature = Countersign 申請番号 { $id }
mail-you-wrote = 申請時のコメント
mail-they-wrote = { $person } さんのコメント
mail-see-standing = 状況を見る
mail-see-request = この申請を見る
mail-ask-again = 改めて申請する

mail-received-subject = 申請を受け付けました: { $names }
mail-received-heading = 申請を受け付けました
mail-received = ご申請ありがとうございます。これから承認者が内容を確認します。結果が決まり次第メールでお知らせしますので、それまで何もしていただく必要はありません。申請の内容は次のとおりです。
mail-received-until = ご申請ありがとうございます。これから承認者が内容を確認します。承認の期限は { $until } です。結果が決まり次第メールでお知らせしますので、それまで何もしていただく必要はありません。申請の内容は次のとおりです。
mail-received-wrong = 名前に不足や誤りがあるときは、新しく申請し、この申請を却下するよう承認者にお伝えください。
mail-received-not-you = 証明書を申請した覚えがないときは、職場の承認者にお知らせください。

mail-waiting-subject = 申請は承認待ちです: { $names }
mail-waiting-heading = 申請はまだ承認を待っています
mail-waiting = まだ結果は決まっていません。本日、承認者に改めて確認をお願いしました。何もしていただく必要はありませんが、お急ぎの場合は承認者にご相談ください。
mail-waiting-until = まだ結果は決まっていません。本日、承認者に改めて確認をお願いしました。承認の期限は { $until } です。何もしていただく必要はありませんが、お急ぎの場合は承認者にご相談ください。
mail-waiting-withdraw = 申請が不要になったときは、ボタンから開くページで取り下げてください。

mail-refused-subject = 申請をお受けできませんでした: { $names }
mail-refused-heading = この内容では申請をお受けできません
mail-refused-no-reason = ポリシーで認められていない内容です。
mail-refused = ポリシーで認められていない内容が含まれています。見つかった点と、どのように直せばよいかを以下にすべて記載します。
mail-refused-closed = この申請は終了しました。改めて申請していただけます。
mail-refused-closed-until-right = この申請は終了しました。上記の点を直したうえで、改めて申請してください。

mail-withdrawn-subject = 申請が取り下げられました: { $names }
mail-withdrawn-heading = 申請を取り下げました
mail-withdrawn = 承認者による確認は行われず、証明書は発行されません。
mail-withdrawn-not-you = ご自身で取り下げていない場合は、申請のリンクがほかの人に知られています。運用担当者にお知らせください。

mail-rejected-subject = 申請が却下されました: { $names }
mail-rejected-heading = 申請が却下されました
mail-rejected = 承認者が内容を確認し、却下しました。
mail-rejected-reason = 却下の理由
mail-rejected-no-reason = 承認者が内容を確認し、却下しました。理由は書かれていません。
mail-rejected-closed = この申請は終了しました。理由となった点を直せる場合や、誤りではないかと思われる場合は、承認者にご相談のうえ、改めて申請してください。

mail-expired-subject = 期限までに結果が決まりませんでした: { $names }
mail-expired-heading = 申請は期限切れになりました
mail-expired = 期限までに承認者の判断がなかったため、この申請は終了しました。申請の内容に問題があったわけではありません。
mail-expired-until = { $until } までに承認者の判断がなかったため、この申請は終了しました。申請の内容に問題があったわけではありません。
mail-expired-before = 改めて申請する前に、待っていることを承認者にお伝えください。

mail-failed-subject = 申請の処理が止まっています: { $names }
mail-failed-heading = こちらのシステムで問題が発生しました
mail-failed = 申し訳ありません。申請の処理を完了できませんでした。お客様に原因はなく、何もしていただく必要はありません。運用担当者には通知済みで、現在確認しています。
mail-failed-urgent = お急ぎの場合は、このメールの末尾にある申請番号を添えてお問い合わせください。

mail-overview-subject = 証明書の一覧
mail-overview-heading = 証明書と申請の一覧
mail-overview = このアドレスの証明書の一覧が、おそらくご本人から求められました。リンクは { $until } まで有効です。
mail-overview-show = 証明書の一覧を見る
mail-overview-not-you = お心当たりがなくても、何もしていただく必要はありません。一覧を開けるのはこのメールだけです。

mail-issued-subject = 証明書を発行しました: { $names }
mail-issued-heading = 証明書の準備ができました
mail-issued = 申請が承認されました。添付の certificate.zip には、証明書、発行元の認証局 (CA) の証明書、導入と確認の方法を英語で説明した README.txt が入っています。
mail-issued-see = 申請を見る
mail-issued-again = certificate.zip をもう一度ダウンロードする
mail-issued-next = 次の証明書は、この証明書の有効期限の数週間前に申請してください。
mail-issued-key = 秘密鍵は作成した場所から動いていません。こちらに送られたことはなく、どなたかが秘密鍵を尋ねることもありません。

mail-decide-subject = 承認のお願い: { $names } ({ $person } さんの申請)
mail-decide-heading = 証明書の申請が承認を待っています
mail-decide = { $person } さんがこの証明書を申請しています。リンクを開いて申請の全体を確認し、承認または却下してください。リンクを開いただけでは何も決まりません。
mail-remind-subject = 再度のお願い: { $names } ({ $person } さんの申請) が承認を待っています
mail-remind-heading = 証明書の申請がまだ承認を待っています
mail-remind = { $person } さんが{ $asked }にこの証明書を申請しましたが、まだ判断がありません。リンクを開いて申請の全体を確認し、承認または却下してください。リンクを開いただけでは何も決まりません。
mail-review = 確認して判断する
mail-link-is-yours = このリンクはあなた専用で、あなたの名義で判断するものです。このメールを転送しないでください。
mail-unexpected = 申請やその名前に心当たりがないときは、申請者に確認するか、却下してください。
