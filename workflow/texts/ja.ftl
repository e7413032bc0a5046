# 画面やメールで使うすべての文言 (日本語)。IDと値は en.ftl とすべて一致させること (workflow/tests/texts.rs)。
# 表記: かっこは半角とし、その外側に半角空白を置く (句読点とかぎかっこの隣には置かない)。値 ({ $name } など) と、入力する
# とおりに書く語 (subjectAltName など) の前後には半角空白を置く。数、日付、DNSやRSAなどの略語の前後には置かない。

## 言語名と日付

language-name = 日本語
date-month = { $month }月
date-day = { $year }年{ date-month }{ $day }日
date-instant = { date-day } { $time } { $zone }

## 複数の箇所で使う語

days = { $days }日
minutes = { $minutes }分
hours = { $hours }時間
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
        [unconfirmed] 確認待ち
        [submitted] 確認中
        [pending_approval] 承認待ち
        [approved] 承認済み (署名処理中)
        [issued] 発行済み
        [delivered] 送付済み
        [refused] 受付不可
        [rejected] 却下済み
        [withdrawn] 取り下げ済み
        [expired] 期限切れ
        [failed] システム側の障害により停止中
       *[revoked] 失効済み
    }
# 名前の要約。
names-count = { $count }件の名前
names-all-in = すべて { $domain } 内
names-in = { $domain } 内に{ $count }件
names-addresses = IPアドレス{ $count }件
names-emails = メールアドレス{ $count }件
names-uris = URI{ $count }件
names-others = その他{ $count }件
names-new = 新規{ $count }件
names-all-new = すべて新規
names-new-tag = 新規
names-more = ほか{ $more }件の名前
names-all = すべての名前
# 文中で使う承認の結果。
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
page-make-csr = CSRの作成
page-ca-certificate = CA証明書
page-footer = すべての証明書は、申請者以外の承認者による承認を受けて発行されます。
copy-button = コピー
copy-done = コピーしました
copy-selected = コピーできませんでした。テキストを選択したので、キーボードかメニューでコピーしてください。
copy-command = コマンド
remark-refused = 許可されていません
remark-warning = 要確認
remark-ignored = 除外されます
left-out-title = 証明書に含まれない項目 ({ $count }件)
left-out-key-usage = 鍵用途 { $usage }
left-out-purpose = 用途 { $purpose }
left-out-extension = 拡張 { $extension }
left-out-attribute = 属性 { $attribute }
left-out-subject = サブジェクト { $parts }
left-out-common-name = コモンネーム { $name }
left-out-elsewhere = { $what } (含まれるプロファイル: { $profiles })

## 画面: 申請フォーム

form-title = 証明書を申請する
form-lead = 証明書署名要求 (CSR) を送信してください。承認者が内容を確認し、承認されると証明書がメールで届きます。
form-several-wrong = 修正が必要な項目が{ $count }件あります
form-email = あなたのメールアドレス
form-email-hint = 証明書はこのアドレスに届きます。
form-csr = 証明書署名要求 (CSR)
form-csr-hint = <code>BEGIN CERTIFICATE REQUEST</code> の行から <code>END CERTIFICATE REQUEST</code> の行までのテキストを貼り付けるか、下の欄でファイルを選択またはドロップしてください。秘密鍵は決して送らないでください。
form-file = CSRファイル (選択するか、ここにドロップ)
form-profile = 用途を選択してください
form-comment = 承認者へのコメント
form-comment-hint = 証明書を使うものと、証明書が必要な理由を入力してください。
form-optional = 任意
form-send = 申請を送信する
form-renew-title = 証明書を更新する
form-renew-lead = { $until }まで有効な証明書を、新しい証明書に置き換えます。同じ名前で新しい鍵と証明書署名要求 (CSR) を作成し、CSRを送信してください。
form-renew-supersedes = 新しい証明書を受け取ってから{ days }後に、古い証明書は失効します (新しい証明書にない名前が古い証明書にある場合を除きます)。
form-renew-names = 更新する証明書
form-renew-key = 新しい鍵
form-renew-run = 証明書を使用するマシンで、次のコマンドを実行してください。
form-renew-send = <code>request.csr</code> を送信してください。<code>new-key.pem</code> はそのマシンに保管してください。これは新しい証明書の鍵です。新しい証明書を導入するまでは、これまでの鍵を使い続けます。
form-renew-by-hand = お使いのツールで、上の名前の新しい鍵とCSRを作成してください。
form-check = 送信前に確認する
form-private-key-title = これは秘密鍵です
form-private-key-clear = 入力欄を空にする
form-private-key-text = まだ送信されていません。入力欄から削除し、代わりにその鍵の証明書署名要求 (CSR) を貼り付けてください。秘密鍵は誰にも渡さないでください。
form-help = 証明書署名要求 (CSR) の作り方
form-help-where = 証明書を使うマシンで、名前を実際のものに置き換えて実行してください。
form-help-send = <code>request.csr</code> を送信してください。<code>key.pem</code> はそのマシンに保管し、誰にも渡さないでください。
preview-title = 発行される証明書の内容
preview-valid-for = 有効期間
preview-valid-profile = { days } (プロファイル「{ $profile }」)
preview-until = { $until }ごろ ({ days }、プロファイル「{ $profile }」)
preview-until-issuer = CA証明書の期限である{ $until }ごろ (プロファイル「{ $profile }」)
preview-approval = 承認
preview-approval-any = 承認者{ $approvals }名
preview-approval-of = { $group } から{ $approvals }名
preview-approval-within = { $approvers } ({ $limit }以内)
preview-checked = 確認しました。プロファイル「{ $profile }」で、名前{ $count }件が認められます。
preview-checked-remarks = 注意点があります。
preview-allowed = ポリシーの条件を満たしています。発行するかどうかは承認者が決めます。
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
fact-fingerprint = 証明書 (SHA-256)
fact-valid-until = 有効期限
fact-issuer = 発行者
fact-request = 申請ID
fact-asked = 申請日時
fact-public-key-digest = 公開鍵 (SHA-256)
fact-request-digest = 証明書署名要求 (SHA-256)
fact-request-number = 申請ID

## 画面: 申請の状況

status-unconfirmed = あと一歩です。申請を確定してください
status-unconfirmed-text = { $email } 宛てにメールをお送りしました。{ $until }までにメールのリンクを開き、申請を確定してください。確定後に、承認者へ依頼します。メールが届かない場合は、迷惑メールフォルダーとメールアドレスを確認するか、もう一度申請してください。
status-confirm-text = この内容で申請しましたか。{ $until }までに確定すると、承認者へ依頼します。お心当たりがない場合は、このページを閉じてください。証明書は発行されません。
status-confirm-button = 申請を確定する
status-sign-in-text = この内容で申請しましたか。{ $until }までに { $email } としてサインインし、申請を確定してください。確定後に、承認者へ依頼します。メールのリンクから、このページに戻れます。お心当たりがない場合は、このページを閉じてください。証明書は発行されません。
status-sign-in-button = サインインして確定する
status-lapsed-text = 期限までに申請が確定されなかったため、承認者への依頼は行われませんでした。もう一度申請できます。
status-by-mail-text = 証明書は、{ $email } 宛てのメールのリンクからダウンロードできます。
status-submitted = 申請の内容を確認しています
status-submitted-text = 数秒で終わります。このページへのリンクをメールでもお送りします。
status-pending = 承認を待っています
status-pending-text = 承認者にメールで依頼しました。結果が出次第、メールでお知らせします。
status-pending-until-text = 承認者にメールで依頼しました。承認期限は{ $until }です。結果が出次第、メールでお知らせします。
status-withdrawing = 申請を取り下げています…
status-withdrawing-text = 数秒で終わります。承認者は、もう承認も却下もできません。
status-decided = 結果が出ました
status-decided-text = 結果を記録しています。数秒で終わります。
status-approved =
    { $kind ->
        [grant] 承認されました。記録しています
       *[certificate] 承認されました。署名しています
    }
status-approved-text = 数秒で終わります。
status-ready =
    { $kind ->
        [grant] 継続承認の準備ができました
       *[certificate] 証明書の準備ができました
    }
status-covered = 継続承認の対象です。署名しています
status-covered-submitted-text = 数秒で終わります。継続承認の対象なので、承認者に依頼はしません。
status-covered-issued-text = 数秒後にダウンロードできます。メールでは送られません。
status-covered-delivered-text = ここからダウンロードできます。メールでは送られていません。
status-issued-text = メールでもお送りしているところです。
status-delivered-text = メールでもお送りしました。
status-refused = ポリシーにより、この申請は受け付けられません
status-refused-text = 問題点と対処方法は下記のとおりです。修正して、もう一度申請してください。
status-rejected = 申請は却下されました
status-rejected-text = 承認者に相談し、申請を修正してもう一度送信してください。
status-expired = 期限までに承認も却下もされませんでした
status-expired-text = もう一度申請できます。その前に、待っていることを承認者に伝えてください。
status-failed = システム側で問題が発生しました
status-failed-text = 運用担当者に通知済みで、これから調査します。必要な操作はありません。
status-revoked = 証明書は失効しました
status-revoked-text = この証明書は、今後使用しないでください。
status-download-zip = certificate.zip をダウンロード
status-valid-until = 有効期限: { $until }
status-download-files = 個別のファイル:
status-why = 理由
status-found = 確認の結果
status-renew = 証明書を更新する
status-ask-again = もう一度申請する
status-correct = 修正してもう一度申請する
status-so-far = 進行状況
status-to-come = 未完了
status-done = 完了
status-under-way = 進行中
status-asked-for = 申請の内容
status-keep-link-without-certificate =
    { $kind ->
        [grant] このページのリンクを保存すると、申請のページに戻れます。このリンクでは認証情報を作成できません。メールのリンクから作成してください。
       *[certificate] このページのリンクを保管してください。申請の状況は、このリンクから確認できます。証明書は、メールのリンクからダウンロードできます。
    }
status-keep-link =
    { $kind ->
        [grant] このページのリンクを保存してください。申請のページに戻るのに必要です。リンクを知っている人は、認証情報を作成したり継続承認を終了したりできます。
       *[certificate] このページのリンクを保管してください。申請の状況は、このリンクから確認できます。リンクを知っている人は誰でも、申請と証明書を見ることができます。
    }
duplicate-title = この申請は必要ないかもしれません
duplicate-waiting = 同じ名前の申請がほかにもあります。申請日時: { $at }、状況: { $status }。
duplicate-certificate = 同じ名前の有効な証明書があります。有効期限: { $until }。
duplicate-open = 開く
duplicate-renew = 更新する
duplicate-unconfirmed-advice = 両方は必要ない場合は、この申請を確定しないでください。自動的に終了します。
duplicate-waiting-advice = 両方は必要ない場合は、この申請を取り下げてください。
duplicate-renew-advice = 証明書を置き換える場合は、更新してください。変更点が承認者に表示されます。
event-unconfirmed = 送信 (確定待ち)
event-submitted = 受付
event-pending = 承認者による確認
event-approved = 承認
event-covered = 継続承認との照合
event-issued =
    { $kind ->
        [grant] 発効
       *[certificate] 署名
    }
event-delivered =
    { $kind ->
        [grant] メールでお知らせ
       *[certificate] メールで送付
    }
event-ready = ダウンロード可能
event-refused = 受付不可
event-rejected = 却下
event-expired = 期限切れ
event-failed = 停止
event-revoked = 失効

## CAを信頼させる方法: zipのREADMEと画面

trust-root-file = クライアントには、ルート証明書 (ca.pem の最後の証明書) を信頼させます。次のコマンドでファイルに取り出します:
trust-powershell = PowerShellでは次のコマンドを使います:
trust-install = 管理者として実行し、その後プログラムを再起動してください:
trust-firefox = 「設定」の「証明書を表示」から「認証局証明書」にインポートします。
trust-chrome = システムの設定に従います。Linuxの場合 (libnss3-tools):
trust-ios = root.pem を開き、「設定」の「一般」の「VPNとデバイス管理」でインストールしたあと、「一般」「情報」「証明書信頼設定」で有効にします。
trust-android = 「設定」で「CA証明書」を検索します。利用者が追加したCAを使うように作られていないアプリでは使われません。
# 以下は画面のみ。
trust-command = フィンガープリントを表示して正しいかどうかを尋ね、システムのストアにルート証明書を書き込みます:
trust-python = ルート証明書を1つのファイルから読み込みます。DebianとUbuntuのファイルには、システムに信頼させたCAも含まれます。Fedoraのファイルは { $file } です:
trust-node = 標準のルート証明書に加えて信頼します:
trust-title = CAを信頼させる
trust-lead = ルート証明書を信頼させると、プログラムはこのCAの証明書を受け入れるようになります。多くのシステムでは管理者の権限が必要です。
trust-former = これは以前のCAです。このCAが発行した証明書を使用している間は、こちらも信頼させてください。
trust-issuing = 発行CA
trust-fingerprint = フィンガープリント (SHA-256)
trust-printed = { $command } での表示:
trust-download = ca.pem をダウンロード
trust-file =
    { $count ->
        [one] テキストファイル (PEM) です。含まれる証明書はルート証明書だけです。
       *[other] テキストファイル (PEM) です。{ $count }件の証明書が含まれ、最後がルート証明書です。
    }
trust-make-title = ルート証明書をファイルに取り出す
trust-compare-title = フィンガープリントを照合する
trust-compare = ルート証明書を信頼させることができれば、どのような証明書でも本物に見せかけることができます。また、このページを書き換えることができれば、表示されるフィンガープリントも書き換えることができます。電話や対面など別の方法で、運用担当者にフィンガープリントを確認してください。運用担当者は <code>{ $command }</code> で確認できます。
trust-compare-file = 次のコマンドで、ファイルのフィンガープリントを表示します:
trust-install-title = ルート証明書をインストールする
status-trust = プログラムにCAを信頼させる方法

## 画面: 承認者の確認

review-title =
    { $kind ->
        [grant] 継続承認の承認
       *[certificate] 証明書の承認
    }
review-question =
    { $kind ->
        [grant] 今後、確認なしでこれらの証明書を発行してもよいですか?
       *[certificate] この証明書を発行しますか?
    }
review-the-request = 申請
review-asks = 申請者: <strong>{ $requester }</strong>、プロファイル: <strong>{ $profile }</strong>
review-asks-valid = 申請者: <strong>{ $requester }</strong>、有効期間: { days }、プロファイル: <strong>{ $profile }</strong>
review-no-comment = コメントはありません。
review-whole-comment = コメントをすべて表示する
review-would-refuse =
    { $kind ->
        [grant] 承認しても、現在のポリシーではこの継続承認は認められません。
       *[certificate] 承認しても、現在のポリシーでは発行できません。
    }
review-allowed = ポリシーの条件を満たしています。
review-allowed-nothing-unusual = ポリシーの条件を満たしています。通常と異なる点も見つかりませんでした。
review-live = 同じ名前または同じ鍵の有効な証明書が、すでに{ $count }件あります。
review-live-more = 同じ名前または同じ鍵の有効な証明書が、すでに{ $count }件より多くあります。その一部を示します。
review-same-key = 同じ鍵
review-live-one = { $email } の証明書、有効期限: { $until }
review-have-approved = あなたはこの申請を承認済みです。{ review-approvals }
review-approvals = 必要な承認{ $quorum }件のうち、{ $approvals }件が承認済みです。
review-reason = 理由
review-reason-hint = 却下した場合は申請者に伝わります。承認した場合は、ほかの承認者だけが確認できます。
review-approve = 承認する
review-reject = 却下する
review-you-decide = { $approver } として承認または却下します。承認期限は{ $until }です。
review-group-decides = このリンクはグループ { $group } 宛てです。サインインによって、あなたが誰であり、そのメンバーであることが確認されます。承認期限は{ $until }です。
review-decisions = これまでの承認・却下
review-vote-approved = <strong>{ $approver }</strong> が承認しました ({ $at })
review-vote-rejected = <strong>{ $approver }</strong> が却下しました ({ $at })
review-vote-approved-for = <strong>{ $approver }</strong> が { $person } の代理で承認しました ({ $at })
review-vote-rejected-for = <strong>{ $approver }</strong> が { $person } の代理で却下しました ({ $at })
review-details = 詳細
review-no-usages = 許可された用途はありません
review-approved = 承認されました
review-standing-text =
    { $status ->
        [delivered] 証明書を申請者にメールで送付しました。
       *[other] この申請は{ status-in-words }です。
    }
review-rejected = 却下されました
review-rejected-text =
    { $kind ->
        [grant] この申請は却下されました。継続承認はありません。
       *[certificate] この申請は却下されました。証明書は発行されません。
    }
review-expired = 期限切れです
review-expired-text = この申請は、期限までに承認も却下もされませんでした。
review-ended = 対応は不要です
review-thanks-approved-text =
    { $kind ->
        [grant] ありがとうございました。継続承認を記録し、申請者に知らせます。
       *[certificate] ありがとうございました。証明書に署名し、申請者にメールで送ります。
    }
review-thanks-recorded = 承認を記録しました
review-thanks-recorded-text = ありがとうございました。{ review-approvals }
review-thanks-rejected-text = ありがとうございました。却下の理由とともに、結果を申請者に伝えます。

## 更新 (承認者向け)

renewal-of = 証明書 { $serial } (有効期限: { $until }) を更新します。
renewal-of-revoked = 失効した証明書 { $serial } を置き換えます。
renewal-nothing = 変わるのは鍵と期間だけです。
renewal-changed = 前回からの変更: { $changes }
renewal-added-count = 名前を{ $count }件追加
renewal-removed-count = 名前を{ $count }件削除
renewal-other-subject = サブジェクトを変更
renewal-other-profile = プロファイルを変更
renewal-other-key = 鍵の種類を変更
renewal-other-validity = 有効期間を変更
renewal-names-added = 追加された名前
renewal-names-removed = 削除された名前
renewal-subject = 変更前のサブジェクト
renewal-profile = 変更前のプロファイル
renewal-key = 変更前の鍵
renewal-validity = 変更前の有効期間
renewal-line = { $label }: { $value }

## 問題の見出し (コードごとに1つ)

title-not-a-csr = 証明書署名要求 (CSR) ではありません
title-private-key-submitted = 秘密鍵が送信されました
title-too-large = サイズが大きすぎます
title-bad-signature = 証明書署名要求が、それ自身の鍵で署名されていません
title-unsupported-key = 対応していない種類の鍵です
title-weak-key = 鍵の強度が不足しています
title-same-key = 鍵が新しくありません
title-weak-signature = 証明書署名要求が、安全でないダイジェストで署名されています
title-bad-name = 正しくない名前があります
title-forbidden-extension = 要求できない項目が含まれています
title-name-not-allowed = 許可されていない名前があります
title-unknown-profile = そのプロファイルはありません
title-bad-email = このメールアドレスは使用できません
title-missing-field = 入力されていない項目があります
title-bad-request = この内容は受け付けられません
title-not-found = 見つかりません
title-already-decided = すでに承認または却下されています
title-expired = 承認期限を過ぎています
title-not-revocable = 証明書を失効できません
title-revocation-not-allowed = ポリシーで許可されていません
title-try-again = もう一度お試しください
title-grant-over = 継続承認は終わっています
title-grant-used-up = 継続承認の証明書は残っていません
title-outside-grant = 継続承認の対象外です

## 問題の説明

problem-error = エラー { $status }
problem-next-approver = 承認待ちの申請を探す
problem-next-requester = 証明書と申請を探す
problem-no-such-page = このアドレスには何もありません。
problem-no-such-link = リンクが正しくないか、期限が切れています。この申請についての最新のメールからリンクを開いてください。
problem-not-answered = 必要なサービスから応答がありませんでした。失われたデータはありません。しばらくしてから、もう一度お試しください。
problem-try-again = もう一度お試しください。
problem-too-many-in-an-hour = このメールアドレスからの申請が、この1時間で{ $limit }件に達したため、受け付けられません。1時間ほど後に、もう一度お試しください。
problem-too-many-waiting = このメールアドレスからの申請が、すでに{ $limit }件承認待ちです。いずれかの結果が出るまで、新しい申請は受け付けられません。不要な申請を取り下げるか (「自分の証明書」から確認できます)、後でもう一度申請してください。
problem-method = このアドレスでは { $method } を使用できません。
problem-content-type = Content-Type は application/json、application/x-www-form-urlencoded、multipart/form-data のいずれかにしてください。
problem-too-large = 本文が{ $bytes }バイトを超えています。証明書署名要求だけを送信してください。
problem-broke-off = 本文が途中で途切れました。もう一度送信してください。
problem-no-object = 本文が{ json-kind }になっています。JSONオブジェクトを送信してください。
problem-no-json = 本文が正しいJSONではありません ({ $line }行目、{ $column }文字目)。
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
problem-cross-site = この操作は別のサイトから送信されました。メールのリンクを開き、そのページで承認または却下してください。
problem-ended = この申請はすでに終了しています (現在の状態: { status-in-words })。
problem-already-decided = この申請はすでに{ outcome-in-words }です。その結果は変わりません。
problem-decided-otherwise = すでに別の内容で投票しています。投票は変更できません。
problem-stale = 申請の内容が、ページを開いた後に変わりました。もう一度確認してください。
problem-expired = この申請は期限までに承認も却下もされなかったため、受付を終了しました。申請者には通知済みで、もう一度申請できます。
problem-stand-in-ended = 代理の期間が{ $until }に終了したため、このリンクは使えません。引き続き代理を務める場合は、Countersign の運用担当者にポリシーの期間の変更をご依頼ください。
problem-withdrawn = 申請者がこの申請を取り下げました。ご対応は不要です。
problem-confirm-cross-site = 別のサイトから送信されました。メールのリンクを開き、そこで申請を確定してください。
problem-confirm-too-late = この申請を確定できる期限が過ぎました。もう一度申請してください。
problem-download-by-mail = このリンクでは、申請の状況だけを確認できます。証明書は、申請者宛てのメールのリンクからダウンロードしてください。
problem-cancel-cross-site = 別のサイトから送信されました。メールのリンクから申請を開き、そこで取り下げてください。
problem-cancel-unconfirmed = この申請はまだ確定されておらず、承認者への依頼も行われていないため、取り下げは不要です。確定しなければ自動的に終了します。
problem-cancel-too-early = 申請はまだ確認中です。少し待ってから、もう一度お試しください。
problem-cancel-too-late = この申請はもう取り下げられません。現在の状態は「{ status-in-words }」です。
problem-no-overview = リンクが正しくないか、期限が切れています。リンクの有効時間は1時間です。新しいリンクをリクエストしてください。

## Pages: more about the review

review-unusual = ご確認いただきたい点
review-reason-when = 却下の場合は必須
review-lacking = あと { $missing } の承認が必要です。
review-lacking-of = { $group } から{ $approvals }件 ({ $approvers })
review-lacking-any = あと{ $approvals }件の承認が必要です ({ $approvers })。
review-lacking-more = ほか{ $more }名
review-lacking-for = { $person } の代理の { $approver }
stand-in-you = あなたは{ $until }まで、{ $person } さんの代理です。
review-you = あなた
review-decision = 承認・却下
review-questions = 質問
review-question-asked = <strong>{ $approver }</strong> の質問 ({ $at })
review-question-answered = <strong>{ $requester }</strong> の回答 ({ $at })
review-question-open = まだ回答がありません。
review-ask = 申請者に質問する
review-ask-text = 質問は申請者にメールで届き、回答はあなたに届きます。質問しても、承認や却下にはなりません。
review-ask-label = 質問
review-ask-button = 質問を送る
review-asked = 質問を送りました
review-asked-text = 申請者にメールで届きます。回答はメールで届き、このページにも表示されます。
status-remind = 承認者に再通知する
status-reminded = { $at }に承認者に再通知しました。
problem-remind-by-mail = このリンクでは承認者に再通知できません。申請者へのメールにあるリンクを使ってください。
problem-remind-not-waiting = この申請は承認待ちではありません。
problem-remind-too-early = 承認者への再通知は1日1回までです。{ $from }以降にもう一度お試しください。
status-questions = 承認者からの質問
status-question-asked = 承認者の質問 ({ $at })
status-question-answered = あなたの回答 ({ $at })
status-question-label = 回答
status-question-hint = 承認者に伝わります。秘密鍵は決して貼り付けないでください。
status-question-button = 回答を送る
finding-give-question = 質問は申請者にメールで届きます。
finding-give-answer = 回答は承認者に伝わります。
finding-give-number = 質問の番号を指定してください。
problem-question-too-many = この申請についての質問は、すでに{ $most }件あります。申請者に直接ご連絡ください。
problem-answer-by-mail = このリンクでは質問に回答できません。申請者へのメールにあるリンクを使ってください。
problem-question-none = この申請に、その質問はありません。最新のメールのリンクを開いてください。
problem-question-answered = この質問は回答済みです。回答は変更できません。
review-withdrawn = 取り下げられました
review-withdrawn-text = 申請者がこの申請を取り下げました。ご対応は不要です。
unusual-first = { $count }件の名前のうち{ $new }件は、これまで申請されたことがありません (「新規」の表示)。
unusual-first-all = { $count }件の名前は、どれもこれまで申請されたことがありません。
unusual-wildcard = { $name } は { $parent } の直下にあるすべての名前に有効です。
unusual-known-key = 同じ鍵が、ほかの申請{ $count }件でも使われています。
unusual-known-key-of-other = 同じ鍵が、別の人の申請でも使われています (ほかの申請は合計{ $count }件)。
unusual-names = 同じ名前を含むほかの申請{ $count }件が進行中です。
unusual-names-of-other = 同じ名前を含む別の人の申請が進行中です (ほかの申請は合計{ $count }件)。
unusual-related = 申請者: { $email }、申請日時: { $at }、状況: { $status }
unusual-other-person = 別の人
unusual-asks-you = あなたの承認待ち
extension-comment = プログラムがACMEで次の名前の証明書を要求しましたが、継続承認に含まれていません: { $names } (ACMEアカウント { $account })
unusual-extends = これは継続承認 { $extended } の拡張です。追加される名前: { $names }。その継続承認の認証情報を持つプログラムは、この承認も使えるようになります。
unusual-looks-like = { $name } は、ほかの人が申請した { $other } とよく似ています。

## Pages: withdrawing, my certificates, commands

status-withdrawn = 申請を取り下げました
status-withdrawn-text =
    { $kind ->
        [grant] 承認者の対応は不要になりました。継続承認はありません。いつでも新しく申請できます。
       *[certificate] 承認者による対応は不要になり、証明書は発行されません。いつでも再申請できます。
    }
event-withdrawn = 取り下げ
status-cancel = 申請を取り下げる
status-cancel-text =
    { $kind ->
        [grant] 取り下げると、承認者の対応は不要になり、継続承認は行われません。いつでも新しく申請できます。
       *[certificate] 取り下げると、承認者による対応は不要になり、証明書は発行されません。いつでも再申請できます。
    }
status-cancel-button = 取り下げる
inbox-title = 自分の承認待ち
inbox-lead = メールアドレスを入力してください。あなたの承認を待っている申請があれば、一覧へのリンクをメールで送ります。
inbox-sent-text = { $email } の承認を待っている申請があれば、一覧へのリンクを送ります。リンクは1時間有効です。
inbox-heading =
    { $count ->
        [0] あなたの承認待ちはありません
       *[other] あなたの承認待ちが{ $count }件あります
    }
inbox-asked = 申請者: { $requester }、申請日時: { $at }、プロファイル: { $profile }
inbox-until = 承認期限は{ $until }です。
inbox-review = 確認する
inbox-keep = このページは{ $until }まで有効です。あなた専用のページで、ここからの承認・却下はあなたによるものとして記録されます。
inbox-back = 承認待ちの一覧に戻る
inbox-more = ほかの承認待ちを確認する
finding-give-approver = 承認者宛てのメールが届くアドレスです。
problem-no-inbox = リンクが正しくないか、1時間の有効期限が切れています。「自分の承認待ち」から新しいリンクを取得してください。
mine-title = 自分の証明書
mine-lead = メールアドレスを入力してください。証明書と申請の一覧へのリンクをメールでお送りします。
mine-send = リンクを送る
mine-sent = メールをご確認ください
mine-sent-text = { $email } の申請があれば、一覧へのリンクをお送りします。リンクの有効時間は1時間です。
mine-live = 使用中
mine-waiting = 手続き中
mine-ended = 終了
mine-until = 有効期限: { $until }
mine-asked = 申請日時: { $at }
mine-renew = 更新する
mine-open = 申請を見る
mine-keep = このページは1時間だけ開けます。リンクを知っている人は誰でも、同じ内容を見ることができます。
commands-title = 証明書署名要求 (CSR) を作るコマンド
commands-lead = 秘密鍵と証明書署名要求 (CSR) を作成するコマンドです。証明書を使うマシンで実行してください。
commands-names = 名前
commands-names-hint = マシンの名前を空白で区切って入力してください。例: www.example.com example.com 10.0.0.1
commands-left-out = コマンドに含まれない名前
commands-further = ほかに{ $count }件、名前として使えないものがあります。
commands-beyond = 1件の申請に含められる名前は{ $most }件までです。次の名前は別の申請に分けてください。
commands-not-in-powershell = 次の名前には certreq で扱えない文字があるため、PowerShellのコマンドには含まれません。openssl を使用してください。
commands-openssl-where = <code>bash</code> などのシェルを開いたターミナルで実行してください。秘密鍵は、実行したフォルダーの <code>key.pem</code> に保存されます。そのフォルダーに保管し、誰にも渡さないでください。送信するのは <code>request.csr</code> だけです。
commands-powershell-where = PowerShellを管理者として開いて実行してください。秘密鍵はファイルではなく、このマシンのキーストアに保存され、エクスポートできません。証明書も同じマシンに導入してください。送信するのは <code>request.csr</code> だけです。
commands-write = コマンドを表示する
form-commands = 自分の名前でコマンドを表示する

## 画面: 処理の流れ

picture-request = この申請の処理の流れ
picture-revocation = この失効の処理の流れ
picture-waiting = 処理はまだ始まっていません。
picture-unknown = 処理の記録がありません。記録の保存期間は90日です。
picture-now =
    { $steps ->
        [0] 現在は最初のステップの { $state } です。
       *[other] 現在は { $state } です。ここまでの経過: { $states }。
    }
picture-ended =
    { $steps ->
        [0] 最初のステップの { $state } で終了しました。
       *[other] { $state } で終了しました。ここまでの経過: { $states }。
    }
picture-stopped =
    { $steps ->
        [0] 最初のステップの { $state } で止まりました。
       *[other] { $state } で止まりました。ここまでの経過: { $states }。
    }
picture-errors = エラーで終わったステップ: { $states }。
picture-between = {""}
picture-word-now = 現在
picture-word-failed = 失敗
picture-word-refused = 受付不可
picture-word-late = 時間切れ
picture-word-stopped = 停止
picture-legend = 太い線と枠の印は、実際に通ったステップを表します。破線はエラーのときに進む先です。左右がとがった枠は分岐、二重線の枠は終了を表します。
picture-list = ステップと時刻

### Mails

mail-moment = { date-day } ({ mail-weekday }) { $time } { $zone }
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
mail-asked-on = 申請日
mail-decide-by = 承認期限
mail-requester = 申請者
mail-valid-until = 有効期限
mail-serial = シリアル番号
mail-severity-refused = 許可されていません
mail-severity-warning = 要確認
mail-severity-ignored = 除外されます
mail-button-fails = ボタンが使えない場合は、次のアドレスを開いてください:
mail-signature = Countersign 申請ID { $id }
mail-no-replies = このメールは自動送信です。ご返信いただいても確認できません。
mail-you-wrote = 申請時のコメント
mail-they-wrote = { $person } さんのコメント
mail-see-standing = 状況を見る
mail-see-request = この申請を見る
mail-ask-again = もう一度申請する

mail-confirm-subject = 申請の確定のお願い: { $names }
mail-confirm-heading = 申請を確定してください
mail-confirm =
    { $kind ->
        [grant] このメールアドレスで継続承認が申請されました。承認されると、これらの名前の証明書が確認なしで発行されます。ご本人の申請であれば、{ $until }までにリンクを開いて確認してください。確認後に、承認者へ依頼します。
       *[certificate] このメールアドレスで証明書の申請がありました。ご自身で申請した場合は、{ $until }までにリンクを開いて申請を確定してください。確定後に、承認者へ依頼します。
    }
mail-confirm-open = 内容を確認して確定する
mail-confirm-sign-in =
    { $kind ->
        [grant] このメールアドレスで継続承認が申請されました。承認されると、これらの名前の証明書が確認なしで発行されます。ご本人の申請であれば、{ $until }までにリンクを開き、サインインして確認してください。確認後に、承認者へ依頼します。
       *[certificate] このメールアドレスで証明書の申請がありました。ご自身で申請した場合は、{ $until }までにリンクを開き、サインインして申請を確定してください。確定後に、承認者へ依頼します。
    }
mail-confirm-sign-in-open = 内容を確認し、サインインして確定する
mail-confirm-not-you = お心当たりがない場合は、何もする必要はありません。確定されない限り、証明書は発行されません。
mail-received-subject = 申請を受け付けました: { $names }
mail-received-heading = 申請を受け付けました
mail-received = ご申請ありがとうございます。これから承認者が内容を確認します。結果が出次第メールでお知らせしますので、お待ちください。申請の内容は次のとおりです。
mail-received-until = ご申請ありがとうございます。これから承認者が内容を確認します。承認期限は{ $until }です。結果が出次第メールでお知らせしますので、お待ちください。申請の内容は次のとおりです。
mail-received-wrong = 名前に不足や誤りがあるときは、上のリンクから申請を開いて取り下げ、新しく申請してください。
mail-received-not-you = 証明書を申請した覚えがないときは、承認者または運用担当者にご連絡ください。

mail-waiting-subject = 申請は承認待ちです: { $names }
mail-waiting-heading = 申請はまだ承認を待っています
mail-waiting = まだ承認も却下もされていません。本日、承認者に改めて確認をお願いしました。特に操作は必要ありませんが、お急ぎの場合は承認者にご相談ください。
mail-waiting-until = まだ承認も却下もされていません。本日、承認者に改めて確認をお願いしました。承認期限は{ $until }です。特に操作は必要ありませんが、お急ぎの場合は承認者にご相談ください。
mail-waiting-withdraw = 申請が不要になったときは、上のリンクから申請を開いて取り下げてください。

mail-refused-subject = 申請をお受けできませんでした: { $names }
mail-refused-heading = この内容では申請をお受けできません
mail-refused-no-reason = ポリシーで認められていない内容です。
mail-refused = ポリシーで認められていない内容が含まれています。問題点と対処方法は下記のとおりです。
mail-refused-closed = この申請は終了しました。もう一度申請できます。
mail-refused-closed-until-right = この申請は終了しました。上記の点を直したうえで、もう一度申請してください。

mail-withdrawn-subject = 申請が取り下げられました: { $names }
mail-withdrawn-heading = 申請を取り下げました
mail-withdrawn =
    { $kind ->
        [grant] 承認者の対応は不要になりました。継続承認はありません。
       *[certificate] 承認者による確認は行われず、証明書は発行されません。
    }
mail-withdrawn-not-you = 取り下げた覚えがないときは、申請のリンクがほかの人に知られています。運用担当者にご連絡ください。

mail-rejected-subject = 申請が却下されました: { $names }
mail-rejected-heading = 申請が却下されました
mail-rejected = 承認者が内容を確認し、申請を却下しました。
mail-rejected-reason = 却下の理由
mail-rejected-no-reason = 承認者が内容を確認し、申請を却下しました。理由は書かれていません。
mail-rejected-closed = この申請は終了しました。却下の理由を解消できる場合や、誤りと思われる場合は、承認者にご相談のうえ、もう一度申請してください。

mail-expired-subject = 申請の期限が切れました: { $names }
mail-expired-heading = 申請の期限が切れました
mail-expired = 期限までに承認も却下もされなかったため、この申請は終了しました。申請の内容に問題があったわけではありません。
mail-expired-until = { $until }までに承認も却下もされなかったため、この申請は終了しました。申請の内容に問題があったわけではありません。
mail-expired-before = もう一度申請する前に、待っていることを承認者にお伝えください。

mail-failed-subject = 申請の処理が止まっています: { $names }
mail-failed-heading = システム側で問題が発生しました
mail-failed = 申し訳ありません。申請の処理を完了できませんでした。申請者の操作が原因ではありませんので、そのままお待ちください。運用担当者には通知済みで、現在調査しています。
mail-failed-urgent = お急ぎの場合は、このメールの末尾にある申請IDを添えて運用担当者にお問い合わせください。

mail-overview-subject = 証明書の一覧
mail-overview-heading = 証明書と申請の一覧
mail-overview = このメールアドレスの証明書一覧の表示がリクエストされました。下記のリンクから一覧をご覧いただけます ({ $until }まで有効)。
mail-overview-show = 証明書の一覧を見る
mail-overview-not-you = お心当たりがない場合は、このメールを破棄してください。

# 証明書の残りの有効期間 (満日数)。
ends-in =
    { $days ->
        [0] 残り1日未満
       *[other] 残り{ $days }日
    }
mail-expiring-subject =
    { $count ->
        [1] { $names } の証明書の有効期限が近づいています ({ ends-in })
       *[other] { $count }件の証明書の有効期限が近づいています (最初は { $names })
    }
mail-expiring-heading =
    { $count ->
        [1] 証明書の有効期限が近づいています ({ ends-in })
       *[other] { $count }件の証明書の有効期限が近づいています
    }
mail-expiring =
    { $count ->
        [1] 有効期限を過ぎた証明書は受け付けられなくなります。承認には数日かかることがありますので、早めに新しい証明書を申請してください。申請フォームには名前が入力されています。秘密鍵は新しく作成してください。
       *[other] 有効期限を過ぎた証明書は受け付けられなくなります。承認には数日かかることがありますので、早めに新しい証明書を申請してください。各証明書を開いて「{ status-renew }」を選ぶと、名前が入力された申請フォームが開きます。秘密鍵はそれぞれ新しく作成してください。
    }
mail-expiring-detail = { $end } ({ ends-in })
mail-expiring-unused = 証明書が不要であれば、特に操作は必要ありません。
mail-expiring-open = 証明書を見る
mail-unrenewed-subject =
    { $count ->
        [1] { $names } の証明書が更新されていません ({ ends-in })
       *[other] 有効期限の近い証明書{ $count }件が更新されていません (最初は { $names })
    }
mail-unrenewed-heading =
    { $count ->
        [1] 有効期限の近い証明書が更新されていません
       *[other] 有効期限の近い証明書{ $count }件が更新されていません
    }
mail-unrenewed =
    { $count ->
        [1] 申請者にはメールでお知らせしましたが、新しい証明書は発行されていません。まだ使用している場合は、申請者に確認するか、新しい証明書を申請してください。
       *[other] 申請者にはメールでお知らせしましたが、新しい証明書は発行されていません。まだ使用している場合は、申請者に確認するか、それぞれ新しい証明書を申請してください。
    }
mail-unrenewed-detail = { $person }、{ $profile }: { $end } ({ ends-in })
mail-unrenewed-request = 証明書を申請する
calendar-summary = { $names } の証明書の有効期限: { $day }
calendar-description = 有効期限: { $end }。シリアル番号: { $serial }。早めに新しい証明書を申請してください: { $url }
mail-unrenewed-once = このメールは証明書ごとに一度だけ送られます。どれも使用していなければ、特に操作は必要ありません。

mail-statement-subject =
    { $count ->
        [1] 継続承認 ({ $names }) により証明書が発行されました
       *[other] 継続承認 ({ $names }) により{ $count }件の証明書が発行されました
    }
mail-statement-heading =
    { $count ->
        [1] 継続承認により証明書が発行されました
       *[other] 継続承認により{ $count }件の証明書が発行されました
    }
mail-statement =
    { $count ->
        [1] 承認済みの範囲内のため、承認者への確認なしに発行されています。このメールは多くても週に1回で、新しい証明書のない週には送られません。
       *[other] 承認済みの範囲内のため、承認者への確認なしに発行されています。このメールは多くても週に1回で、新しい証明書のない週には送られません。
    }
mail-statement-names = 承認された名前
mail-statement-used = 証明書の数
mail-statement-used-of = { $most }件中{ $used }件
mail-statement-until = 終了予定
mail-statement-ended = 終了日時
mail-statement-detail = シリアル番号: { $serial }、有効期限: { $end }
mail-statement-revoked = シリアル番号: { $serial }、失効済み
mail-statement-none = 証明書はまだありません: 申請 { $request }
mail-statement-open = 継続承認を見る
mail-statement-unknown = 心当たりのない証明書がある場合は、すぐに継続承認のページで継続承認を終了し、セキュリティ担当者に連絡してください。

mail-standing-subject =
    { $notice ->
        [ended] 継続承認 ({ $names }) は終了しました
        [stopped] 継続承認 ({ $names }) では証明書が発行されなくなりました
        [ending] 継続承認 ({ $names }) はまもなく終わります
       *[nearly-used] 継続承認 ({ $names }) の証明書{ $most }件のうち{ $used }件を使いました
    }
mail-standing-heading =
    { $notice ->
        [ended] 継続承認は終了しました
        [stopped] 継続承認では証明書が発行されなくなりました
        [ending] 継続承認はまもなく終わります
       *[nearly-used] 証明書{ $most }件のうち{ $used }件を使いました
    }
mail-standing-ended =
    { $by ->
        [requester] 申請のページから終了の操作がありました。この承認では今後、証明書は発行されません。発行済みの証明書は有効期限まで有効です。心当たりがない場合は、セキュリティ担当者に連絡してください。
       *[operator] 認証局の運用担当者が終了しました。この承認では今後、証明書は発行されません。発行済みの証明書は有効期限まで有効です。
    }
mail-standing-stopped =
    { $why ->
        [approvers] 承認した人が承認者から外れ、残りの承認では足りません。この承認では、証明書は発行されません。発行済みの証明書は有効期限まで有効です。
        [days] 現在のポリシーで認められる日数が承認時より短くなり、その日数が過ぎました。この承認では、証明書は発行されません。発行済みの証明書は有効期限まで有効です。
       *[policy] 現在のポリシーでは認められていません。この承認では、証明書は発行されません。発行済みの証明書は有効期限まで有効です。
    }
mail-standing-ending = 終了後は証明書が発行されず、プログラムは証明書を更新できません。
mail-standing-nearly-used = すべて使うと証明書が発行されず、プログラムは証明書を更新できません。
mail-standing-reason = 理由
mail-standing-next = 引き続き証明書が必要な場合は、早めに別の継続承認を申請し、その認証情報をプログラムに設定してください。

mail-issued-subject = 証明書を発行しました: { $names }
mail-issued-heading = 証明書の準備ができました
mail-issued = 申請が承認されました。添付の certificate.zip には、証明書、発行元の認証局 (CA) の証明書、README.ja.txt が入っています。README.ja.txt では、サーバーなどへの導入と確認の方法、認証局を信頼させる方法、証明書が失効していないか調べる方法を説明しています。
mail-issued-see = 申請を見る
mail-issued-again = certificate.zip をもう一度ダウンロードする
mail-issued-renew = 証明書を更新する
mail-issued-next = 有効期限の数週間前までに、上のリンクから証明書を更新してください。添付の expiry.ics を開くと、カレンダーに通知を登録できます。
mail-issued-key = 秘密鍵は作成した場所に保管されたままです。当システムに送信されることはなく、お尋ねすることもありません。

mail-decide-subject =
    { $kind ->
        [grant] 事前承認のお願い: { $names } の証明書 ({ $person } さんの申請)
       *[certificate] 承認のお願い: { $names } ({ $person } さんの申請)
    }
mail-decide-heading =
    { $kind ->
        [grant] 継続承認の申請が承認を待っています
       *[certificate] 証明書の申請が承認を待っています
    }
mail-decide =
    { $kind ->
        [grant] { $person } さんが継続承認を申請しています。承認すると、期限まで、これらの名前の証明書が確認なしで発行されます。リンクを開いて申請の全体を確認し、承認または却下してください。リンクを開いただけでは承認されません。
       *[certificate] { $person } さんがこの証明書を申請しています。リンクを開いて申請の全体を確認し、承認または却下してください。リンクを開いただけでは承認されません。
    }
mail-remind-subject =
    { $kind ->
        [grant] 再度のお願い: { $names } の証明書の事前承認 ({ $person } さんの申請) が承認を待っています
       *[certificate] 再度のお願い: { $names } ({ $person } さんの申請) が承認を待っています
    }
mail-remind-heading =
    { $kind ->
        [grant] 継続承認の申請がまだ承認を待っています
       *[certificate] 証明書の申請がまだ承認を待っています
    }
mail-remind =
    { $kind ->
        [grant] { $person } さんが{ $asked }に継続承認を申請しましたが、まだ承認も却下もされていません。承認すると、期限まで、これらの名前の証明書が確認なしで発行されます。リンクを開いて申請の全体を確認し、承認または却下してください。リンクを開いただけでは承認されません。
       *[certificate] { $person } さんが{ $asked }にこの証明書を申請しましたが、まだ承認も却下もされていません。リンクを開いて申請の全体を確認し、承認または却下してください。リンクを開いただけでは承認されません。
    }
mail-review = 確認して承認または却下する
mail-inbox-subject = あなたの承認を待っている証明書が{ $count }件あります
mail-inbox-heading = あなたの承認待ちが{ $count }件あります
mail-inbox = 下のリンクから、あなたの承認を待っているすべての申請を確認できます ({ $until }まで有効)。リンクを開いただけでは承認されません。
mail-inbox-show = 承認待ちを確認する
mail-question-subject = { $names } の申請についての質問
mail-question-heading = 承認者から質問があります
mail-question = 申請のページで回答してください。承認者は回答を確認してから、承認または却下します。
mail-they-ask = 質問
mail-question-answer = 質問に回答する
mail-question-key = 秘密鍵は、求められても決して送らないでください。
mail-answer-subject = { $names } についての質問に { $person } が回答しました
mail-answer-heading = 質問への回答があります
mail-answer = { $person } が質問に回答しました。リンクを開いて申請全体を確認し、承認または却下してください。
mail-you-asked = あなたの質問
mail-they-answered = { $person } の回答
mail-validity =
    { $kind ->
        [grant] 各証明書の有効期間
       *[certificate] 有効期間
    }
mail-not-granted = 現在のポリシーでは、この証明書は許可されません
mail-nothing-unusual = ありません
mail-in-use = 使用中の証明書
mail-live = 同じ名前または同じ鍵の有効な証明書が、すでに{ $count }件あります。
mail-live-more = 同じ名前または同じ鍵の有効な証明書が、{ $count }件より多くあります。
mail-approvals = 承認の状況
mail-voted-approve-subject =
    { $kind ->
        [grant] { $names } の継続承認を承認しました
       *[certificate] { $names } の証明書を承認しました
    }
mail-voted-approve-heading = 承認を記録しました
mail-voted-approve =
    { $kind ->
        [grant] { $at }に、{ $person } の申請した継続承認を承認しました。
       *[certificate] { $at }に、{ $person } の申請した証明書を承認しました。
    }
mail-voted-reject-subject =
    { $kind ->
        [grant] { $names } の継続承認を却下しました
       *[certificate] { $names } の証明書を却下しました
    }
mail-voted-reject-heading = 却下を記録しました
mail-voted-reject =
    { $kind ->
        [grant] { $at }に、{ $person } の申請した継続承認を却下しました。
       *[certificate] { $at }に、{ $person } の申請した証明書を却下しました。
    }
mail-voted-for = { $absent } さんの代理としての決定です。
mail-your-note = あなたが書いた理由やメモ
mail-voted-approve-not-you =
    { $kind ->
        [grant] お心当たりがない場合は、ほかの人があなたのリンクを使った可能性があります。すぐに Countersign の運用担当者にご連絡ください。継続承認の終了、証明書の失効、リンクの差し替えができます。
       *[certificate] お心当たりがない場合は、ほかの人があなたのリンクを使った可能性があります。すぐに Countersign の運用担当者にご連絡ください。証明書の失効と、リンクの差し替えができます。
    }
mail-voted-reject-not-you = お心当たりがない場合は、ほかの人があなたのリンクを使った可能性があります。すぐに Countersign の運用担当者にご連絡ください。リンクの差し替えができ、申請者は再度申請できます。
mail-link-is-yours = このリンクはあなた専用です。このリンクからの承認・却下は、あなたによるものとして記録されます。メールは転送しないでください。
mail-renewal = 更新
mail-unexpected = 申請やその名前に心当たりがないときは、申請者に確認するか、却下してください。

### Findings

finding-kind =
    { $kind ->
        [dns] DNS名
        [ip] IPアドレス
        [email] メールアドレス
       *[uri] URI
    }
finding-list = { $first }、{ $rest }
finding-list-of-rules = { $first }。{ $rest }

## Text that is not one request

finding-private-key = { finding-field }に秘密鍵 ({ $key }) が含まれています。保存も記録もしていません。
finding-private-key-format =
    { $format ->
        [pkcs8] PKCS#8
        [encrypted-pkcs8] 暗号化されたPKCS#8
        [pkcs1] PKCS#1
        [sec1] SEC 1
        [dsa] DSA
        [openssh] OpenSSH
        [ssh2] SSH2
        [putty] PuTTY
        [pkcs12] PKCS#12
        [java] Javaキーストア
        [jwk] JSON Web Key
        [xml] XML
        [numbers] 鍵の数値
        [pgp] OpenPGP
        [windows] Windowsの鍵
       *[labelled] ラベルで判定
    }
finding-private-key-encoded = { $format }、{ $encodings }
finding-key-encodings = { $rest }の中の{ $first }
finding-key-encoding =
    { $encoding ->
        [pem] PEM
        [hex] 16進数
        [percent] パーセントエンコーディング
        [backslash] バックスラッシュのエスケープ
        [references] 文字参照
        [quoted-printable] quoted-printable
        [utf16] UTF-16
        [compressed] 圧縮データ
        [numbers] 数値の並び
        [base32] base32
       *[base64] base64
    }
finding-too-deep = { finding-field }は何重にもエンコードされているため、秘密鍵が含まれていないことを確認できません。保存も記録もしていません。
finding-too-deep-advice = エンコードせずに、テキストのまま送信してください。
finding-private-key-advice = 秘密鍵は決して誰にも送らないでください。この鍵の使用をやめ、新しい鍵を作成し、その証明書署名要求 (CSR) だけを送ってください。
finding-how-to = 証明書署名要求 (CSR) のファイルを選択するか、その内容を貼り付けてください。内容は { $begin } で始まります。作成するコマンドの例: { $command }
finding-text-too-large = テキストが{ $bytes }バイトあります。読み込めるのは{ $most }バイトまでです。
finding-send-alone = 証明書署名要求 (CSR) だけを送ってください。
finding-no-text = 証明書署名要求 (CSR) がありません。
finding-several-requests = 証明書署名要求 (CSR) が{ $count }件含まれています。
finding-one-by-one = 1件ずつ送ってください。
finding-several-blocks = PEMのブロックが{ $count }個含まれています: { $labels }
finding-another-pem = その他のPEMファイル
finding-is-other-pem = これは証明書署名要求 (CSR) ではありません。種類: { $label }
finding-ssh-key = これはSSHの公開鍵であり、証明書署名要求 (CSR) ではありません。
finding-damaged-begin = BEGIN CERTIFICATE REQUEST の行が壊れています。
finding-damaged-begin-advice = テキストを貼り付ける代わりに、ファイルそのものを選択してください。この行の前後にはハイフンが5個ずつ必要ですが、メールソフトによっては別の文字に変えられてしまいます: { $begin }
finding-no-csr = これは証明書署名要求 (CSR) ではありません。
finding-cut-off = 証明書署名要求 (CSR) が途中で切れています。ENDの行がありません。
finding-cut-off-advice = テキストを貼り付ける代わりに、ファイルそのものを選択してください。ファイルは { $end } の行で終わります。
finding-no-base64 = BEGINとENDの間がbase64ではありません。
finding-no-base64-character = 証明書署名要求 (CSR) の{ $line }行目に、base64では使えない文字があります: { $character }
finding-choose-file = テキストを貼り付ける代わりに、ファイルそのものを選択してください。ファイルにも同じ誤りがある場合は、証明書署名要求 (CSR) を作り直してください: { $command }
finding-character = 「{ $character }」
finding-character-number = 「{ $character }」 ({ $number })
finding-character-invisible = 目に見えない文字 ({ $number })
finding-character-nul = NUL文字 ({ $number })
finding-character-escape = エスケープ文字 ({ $number })
finding-character-soft-hyphen = 目に見えないソフトハイフン ({ $number })
finding-character-joiner = 目に見えない結合用の文字 ({ $number })
finding-character-direction = 目に見えない書字方向の記号 ({ $number })
finding-character-lost = 失われた文字を表す記号 ({ $number })
finding-line-length = 証明書署名要求 (CSR) の{ $line }行目は{ $count }文字で、ほかの行は{ $usual }文字です。この行で文字が抜けているか、余分に入っています。
finding-rewritten = テキストが途中で書き換えられています: { $how }。元に戻しても、完全な証明書署名要求 (CSR) になりません。
finding-rewritten-advice = テキストを貼り付ける代わりに、ファイルそのものを選択してください。プログラムから送る場合は、ファイルの内容を変更せずに csrContent の値にしてください。
finding-form-invisible = UTF-16のファイルのように、文字の間に見えない文字が入っています
finding-form-escapes = 改行が \n になるなど、文字がバックスラッシュで表されています
finding-form-html = プラス記号が &#43; になるなど、文字がHTMLの形式で表されています
finding-form-percent = プラス記号が %2B になるなど、文字がパーセント記号で表されています
finding-form-quoted-printable = 等号が =3D になるなど、文字が等号で表されています
finding-form-base64 = テキストがさらにbase64で符号化されています
finding-form-base32 = ファイルがbase32で符号化されています
finding-form-hex = ファイルが16進数またはダンプの形式で書かれています
finding-form-numbers = ファイルのバイトが10進数で書かれています
finding-form-full-width = 文字が全角など、見た目の似た別の文字になっています
finding-form-begin = BEGINやENDの行のハイフンまたはラベルが異なっています
finding-form-quotes = 行の前後に引用符や番号などの記号が付いています
finding-form-lost-plus = プラス記号が空白に変わっています
finding-certificate = これは証明書であり、証明書署名要求 (CSR) ではありません。
finding-certificate-advice = 証明書のもとになった証明書署名要求 (CSR) を送るか、新しく作成してください: { $convert } または { $make }
finding-public-key = これは公開鍵だけで、証明書署名要求 (CSR) ではありません。
finding-public-key-advice = 対応する秘密鍵で証明書署名要求 (CSR) を作成してください: { $command }
finding-is-crl = これは証明書失効リスト (CRL) であり、証明書署名要求 (CSR) ではありません。
finding-is-pkcs7 = これは証明書や署名付きデータを含むPKCS#7のファイルで、証明書署名要求 (CSR) ではありません。
finding-is-cmc = これはCMC形式の要求です。受け付けられるのはPKCS#10形式だけです。
finding-is-cmc-advice = { $command } に渡すファイルに { $setting } と書いて要求を作り直し、新しいファイルを選択してください。
finding-is-crmf = これはCRMFまたはCMP形式の要求です。受け付けられるのはPKCS#10形式だけです。
finding-is-spkac = これはブラウザーが作成した署名付き公開鍵 (SPKAC) であり、証明書署名要求 (CSR) ではありません。
finding-is-pgp = これはOpenPGPのメッセージまたは鍵であり、証明書署名要求 (CSR) ではありません。
finding-is-jwk = これはJSON Web Key (JWK) 形式の公開鍵であり、証明書署名要求 (CSR) ではありません。
finding-is-printed = これは、openssl req -text -noout や certutil -dump が表示した証明書署名要求 (CSR) の内容です。証明書署名要求そのものは含まれていません。
finding-is-printed-advice = 表示のもとになったファイルを選択するか、その内容を貼り付けてください。ファイルは { $begin } で始まります。
finding-is-structure = これは、openssl asn1parse が表示したファイルの要素の一覧です。ファイルそのものは含まれていません。
finding-is-path = これはファイルの名前またはパスであり、ファイルの内容ではありません。
finding-is-path-advice = ファイルそのものを選択するか、その内容を貼り付けてください。ファイルは { $begin } で始まります。
finding-is-command = これはコマンドであり、証明書署名要求 (CSR) ではありません。
finding-is-command-advice = コマンドを実行し、作成されたファイルを選択するか、その内容を貼り付けてください。ファイルは { $begin } で始まります。
finding-is-url = これはWebのアドレスであり、証明書署名要求 (CSR) ではありません。
finding-is-url-advice = そこからファイルをダウンロードして選択するか、その内容を貼り付けてください。ファイルは { $begin } で始まります。
finding-is-email = これは証明書署名要求 (CSR) を含まないメールです。
finding-is-email-advice = メールの添付ファイルを保存して選択するか、その内容を貼り付けてください。ファイルは { $begin } で始まります。
finding-is-web-page = これはWebページであり、証明書署名要求 (CSR) ではありません。
finding-is-web-page-advice = サインインが必要なダウンロードでは、ファイルの代わりにページが保存されることがあります。ページを開いてサインインし、ファイルをダウンロードしてください。ファイルは { $begin } で始まります。
finding-is-picture = これは画像であり、証明書署名要求 (CSR) ではありません。
finding-is-pdf = これはPDF文書であり、証明書署名要求 (CSR) ではありません。
finding-is-office-file = これはOffice文書であり、証明書署名要求 (CSR) ではありません。
finding-is-document-advice = 証明書署名要求 (CSR) をテキストファイルで受け取り、そのファイルを選択してください。ファイルは { $begin } で始まります。
finding-is-compressed = これはzipやgzipなどの圧縮ファイルです。
finding-is-compressed-advice = 展開してから、証明書署名要求 (CSR) のファイルを選択してください。ファイルは { $begin } で始まります。
finding-request-too-large = 証明書署名要求 (CSR) が{ $bytes }バイトあります。読み込めるのは{ $most }バイトまでです。
finding-fewer-names = 1件の申請に含める名前を減らしてください。
finding-not-well-formed = 正しい形式の証明書署名要求 (PKCS#10) ではありません。
finding-one-more-byte = 証明書署名要求 (CSR) の末尾に余分な1バイトがあります。
finding-more-bytes = 証明書署名要求 (CSR) の末尾に余分な{ $count }バイトがあります。
finding-no-der = 証明書署名要求 (CSR) が、認められた唯一の形式 (DER) で書かれていません: { $at }バイト目、{ $fault }。
finding-der-advice = 証明書署名要求 (CSR) を作成したプログラムに誤りがあり、手作業では直せません。別のプログラムで作り直してください。例: { $command }
finding-der-cut-off = 値が途中で終わっています
finding-der-more = 値の後に余分な{ $count }バイトがあります
finding-der-length = 長さが最短の形式ではありません
finding-der-tag = タグが最短の形式ではありません
finding-der-form = 値が分割されているか、リストの形式が正しくありません
finding-der-boolean = BOOLEANが真でも偽でもありません
finding-der-integer = INTEGERが最短の形式ではありません
finding-der-bits = BIT STRINGの未使用ビットが0ではありません
finding-der-null = NULLが空ではありません
finding-der-identifier = OBJECT IDENTIFIERの形式が正しくありません
finding-der-depth = 値の入れ子が深すぎます
finding-version = 証明書署名要求 (CSR) のバージョンが1ではありません。
finding-signature-octets = 証明書署名要求 (CSR) の署名の長さがオクテット単位ではありません。

## Keys

finding-new-key = 新しい鍵を作成してください。例: { $command }
finding-supported-keys = EC P-256、P-384、P-521、2048から{ $most }ビットのRSA、またはEd25519の鍵を使用してください。{ $advice }
finding-key-malformed = 公開鍵の形式が正しくありません。
finding-key-not-der = 公開鍵が、証明書に必要なDER形式で符号化されていません。
finding-key-octets = 公開鍵の長さがオクテット単位ではありません。
finding-rsa-too-long = RSA鍵が{ $bits }ビットです。使用できるのは{ $most }ビットまでです。
finding-rsa-parameters = RSA鍵のアルゴリズムパラメーターがNULLではありません。
finding-rsa-malformed = RSA鍵の形式が正しくありません。
finding-ec-curve = 曲線 { $curve } のEC鍵は使用できません。
finding-ec-explicit = 曲線パラメーターを直接指定したEC鍵は使用できません。
finding-ec-compressed = 圧縮形式のEC鍵は使用できません。
finding-ec-no-point = { $key } の鍵が非圧縮形式の点ではありません。
finding-ed25519-malformed = Ed25519鍵の形式が正しくありません。
finding-key-kind = { $kind } の鍵は使用できません。
finding-key-pss = RSASSA-PSS専用の鍵は使用できません。通常のRSA鍵を使用してください。
finding-not-on-curve = { $key } の鍵が曲線上の点ではないか、有効な鍵ではありません。
finding-rsa-too-short = RSA鍵が{ $bits }ビットです。{ $fewest }ビット以上が必要です。
finding-rsa-new-key = 次のコマンドで作成できます: { $command }
finding-rsa-odd-size = RSAの法が{ $bits }ビットで、8の倍数ではありません。
finding-rsa-exponent-octets = RSA鍵の公開指数が{ $count }オクテットあります。
finding-rsa-exponent-large = RSA鍵の公開指数{ $exponent }は、ほかのプログラムが受け付ける範囲を超えています。
finding-rsa-exponent-small = RSA鍵の公開指数が{ $exponent }です。65537以上の奇数が必要です。
finding-rsa-exponent-advice = 一般的な公開指数65537を使用してください。{ $advice }
finding-rsa-divisible = RSA鍵の法が { $prime } で割り切れます。
finding-rsa-roca = Infineon社の欠陥のあるライブラリで作成されたRSA鍵です (ROCA, CVE-2017-15361)。
finding-rsa-square = RSA鍵の法が平方数です。
finding-rsa-close = RSA鍵の2つの素数が近すぎます (Fermat, CVE-2022-26320)。
finding-rsa-prime = RSA鍵の法が素数です。
finding-ed25519-small-order = Ed25519鍵が位数の小さい点です。
finding-profile-no-use = プロファイル「{ $profile }」では、この鍵 ({ $key }) を使用できる用途がありません。
finding-profile-keys = プロファイル「{ $profile }」では、この鍵 ({ $key }) は認められていません。
finding-profile-keys-advice = 認められている鍵: { $allowed }
finding-profile-rsa = RSA鍵が{ $bits }ビットです。プロファイル「{ $profile }」では{ $fewest }ビット以上が必要です。
finding-key-denied = SHA-256が { $digest } の鍵は、漏えいした鍵の一覧に載っています。
finding-key-of-authority = SHA-256が { $digest } の鍵は認証局 (CA) の鍵なので、この鍵の証明書は発行されません。

## Signatures

finding-resign = SHA-256を使って証明書署名要求 (CSR) を作り直してください: { $command }
finding-weak-digest = 証明書署名要求 (CSR) が { $digest } で署名されています。SHA-256以上が必要です。
finding-unknown-signature = 証明書署名要求 (CSR) の署名は、ここでは検証できません。使われている方式: { $what }
finding-signature-algorithm = アルゴリズム { $algorithm }
finding-signature-parameters = 余分なパラメーターの付いた署名方式
finding-signature-pss-malformed = RSASSA-PSS (パラメーターの形式が正しくありません)
finding-signature-pss-digest = RSASSA-PSSとダイジェスト { $digest }
finding-signature-pss-unusual = RSASSA-PSS (一般に使われないパラメーター)
finding-signature-other-kind = 鍵は { $key } ですが、署名の種類が異なります。
finding-signature-wrong = 証明書署名要求 (CSR) の署名が、公開鍵に対応する秘密鍵によるものではありません。
finding-signature-advice = 作成後に変更されたか壊れた、または別の鍵で作成された可能性があります。作り直してください: { $command }

## Names

finding-several-common-names = サブジェクトにコモンネームが複数あります。
finding-several-common-names-advice = コモンネームは1つだけにし、すべての名前を subjectAltName に入れてください。
finding-common-name-no-text = コモンネームが文字列ではありません。
finding-common-name-no-text-advice = UTF8String または PrintableString で書いてください。
finding-common-name-character = コモンネーム { $name } に使用できない文字 { $character } があります。
finding-common-name-character-advice = 目に見える文字だけで書いてください。
finding-common-name-long = コモンネームが{ $count }文字あります。{ $most }文字までです。
finding-common-name-long-advice = コモンネームを省き、名前を subjectAltName に入れてください。
finding-common-name-left-out = コモンネーム { $name } はDNS名でもIPアドレスでもありません。
finding-common-name-left-out-advice = 証明書には含まれません。クライアントが確認するのは subjectAltName だけです。
finding-no-san = subjectAltName がなく、コモンネーム { $name } も完全なDNS名またはIPアドレスではありません。
finding-no-names = 証明書署名要求 (CSR) に名前がありません。subjectAltName もコモンネームもありません。
finding-no-names-advice = クライアントが接続に使う名前を追加してください。openssl での指定: { $command }
finding-no-name = { $name } は名前ではありません。
finding-no-name-advice = DNS名、IPアドレス、メールアドレス、URIのいずれかを指定してください。
finding-name-malformed = 名前 { $name } の形式が正しくありません。
finding-name-malformed-advice = 名前はASCIIで書き、国際化された名前は xn-- で始まる形式にしてください。
finding-too-many-names = 1件の申請に名前が{ $count }個あります。読み込めるのは{ $most }個までです。
finding-spread-names = 複数の証明書に分けてください。
finding-ip-octets = 申請にあるIPアドレスの長さが{ $count }オクテットです。
finding-ip-octets-advice = マスクを付けず、IPv4は4オクテット、IPv6は16オクテットです。openssl での指定: { $command }
finding-ip-no-host = IPアドレス { $address } は1台のホストのアドレスではありません。
finding-ip-no-host-advice = クライアントが接続に使うアドレスを申請してください。
finding-dns-empty = DNS名 { $name } は空です。
finding-dns-empty-advice = 取り除くか、ホストの完全な名前を書いてください。
finding-dns-no-ascii = DNS名 { $name } がASCIIで書かれていません。
finding-dns-a-labels = 証明書に記載される形式で書いてください: { $ascii }
finding-dns-characters = DNS名に使えるのは、aからzの英字、数字、ハイフン、ドットだけです。
finding-dns-long = DNS名 { $name } は{ $count }文字あります。DNS名は最長{ $most }文字です。
finding-dns-long-advice = もっと短い名前を使用してください。
finding-dns-dot = DNS名 { $name } がドットで終わっています。
finding-dns-dot-advice = 末尾のドットを付けずに書いてください。
finding-dns-address = DNS名 { $name } はIPアドレスです。
finding-dns-address-advice = IPアドレスとして申請してください。openssl での指定: { $command }
finding-dns-star = DNS名 { $name } の * の位置が正しくありません。
finding-dns-star-advice = ワイルドカードは左端のラベル全体に使います。例: { $example }
finding-dns-single-label = DNS名 { $name } はラベルが1つだけです。
finding-dns-wildcard-tld = DNS名 { $name } はトップレベルドメイン全体のワイルドカードです。
finding-dns-full-name = ドメインを含む完全な名前を書いてください。例: { $example }
finding-dns-digits = DNS名 { $name } が数字だけのラベルで終わっています。
finding-dns-digits-advice = ドメインを含む完全な名前を書くか、IPアドレスとして申請してください。
finding-dns-empty-label = DNS名 { $name } に空のラベルがあります。
finding-dns-empty-label-advice = 余分なドットを取り除いてください。
finding-dns-long-label = DNS名 { $name } に{ $count }文字のラベルがあります。最長は{ $most }文字です。
finding-dns-long-label-advice = そのラベルを短くしてください。
finding-dns-character = DNS名 { $name } に使用できない文字 { $character } があります。
finding-dns-hyphen = DNS名 { $name } のラベル { $label } の先頭または末尾にハイフンがあります。
finding-dns-hyphen-advice = ハイフンは英数字の間にだけ使えます。
finding-dns-reserved = DNS名 { $name } に予約されたラベル { $label } があります。
finding-dns-reserved-advice = その位置に2つのハイフンを使えるのは、xn-- で始まる国際化されたラベルだけです。
finding-dns-a-label = DNS名 { $name } のラベル { $label } は、国際化されたラベルとして正しくありません。
finding-dns-a-label-advice = IDNA 2008に従うツールで、国際化された名前をもう一度変換してください。
finding-mixed-scripts = { $name } のラベル { $label } には複数の文字体系が混ざっており、別の名前と見間違えられるおそれがあります。
finding-look-alike = { $name } のラベル { $label } はラテン文字に似た文字でできており、別の名前と見間違えられるおそれがあります。
finding-look-alike-advice = 申請者が本当にこの名前を所有している場合にだけ承認してください。
finding-mail-advice = メールアドレスを1つだけ書いてください。例: { $example }
finding-mail-long = メールアドレス { $name } は{ $count }文字あります。最長は{ $most }文字です。
finding-mail-no-at = メールアドレス { $name } に @ がありません。
finding-mail-local = メールアドレス { $name } の @ より前が{ $count }文字です。1文字以上{ $most }文字以下にしてください。
finding-mail-dot = メールアドレス { $name } のドットの位置が正しくありません。
finding-mail-character = メールアドレス { $name } の @ より前に使用できない文字 { $character } があります。
finding-mail-wildcard = メールアドレス { $name } のドメインにワイルドカードがあります。
finding-mail-domain = メールアドレス { $name } の @ より後が正しいドメインではありません。{ $why }
finding-uri-advice = ホストを含む絶対URIを書いてください。例: { $first } または { $second }
finding-uri-long = URI { $name } は{ $count }文字あります。最長は{ $most }文字です。
finding-uri-character = URI { $name } に、URIで使用できない文字があります。
finding-uri-no-scheme = URI { $name } にスキームがありません。
finding-uri-no-host = URI { $name } にホストがありません。
finding-uri-user = URI { $name } のホストの前にユーザー情報があります。
finding-uri-malformed = URI { $name } の形式が正しくありません。
finding-uri-host = URI { $name } のホストが完全なDNS名またはアドレスではありません。
finding-uri-fragment = URI { $name } にフラグメント (#以降の部分) があります。フラグメントは使えません。
finding-uri-upper-case = URI { $name } のスキームまたはホストが小文字ではありません。
finding-uri-needless-encoding = URI { $name } で、そのまま書くべき文字がパーセントエンコードされています。
finding-uri-encoded-delimiter = URI { $name } で、スラッシュ、バックスラッシュ、または制御文字がパーセントエンコードされています。この書き方は使えません。
finding-uri-encoding-case = URI { $name } のパーセントエンコードに小文字があります。%2Bのように大文字で書いてください。
finding-uri-dot-segment = URI { $name } のパスに「.」または「..」があります。これらは使えません。
finding-uri-empty-segment = URI { $name } のパスでスラッシュが連続しています。この書き方は使えません。
finding-uri-not-normal = URI { $name } は正規形ではありません。{ $normal } と書いてください。
finding-uri-scheme-case = URI { $name } のスキームが小文字ではありません。
finding-uri-trust-domain = URI { $name } に1から255文字のトラストドメインがありません。
finding-uri-trust-domain-characters = URI { $name } のトラストドメインに、aからzの英字、数字、ドット、ハイフン、アンダースコア以外の文字があります。
finding-uri-query = URI { $name } に、SPIFFE IDでは使えないクエリ、フラグメント、またはパーセント記号があります。
finding-uri-path = URI { $name } のパスに、空の部分、相対的な部分、または正しくない部分があります。

## Standing approvals

finding-terms-too-large = 継続承認の内容が{ $bytes }バイトあります。受け付けられるのは{ $most }バイトまでです。
finding-terms-split = 継続承認をいくつかに分けるか、多くの名前の代わりに .example.com のような接尾辞を書いてください。example.com より下のすべての名前を表します。
finding-terms-unreadable = 継続承認の申請として読み取れません ({ $line }行目、{ $column }文字目)。
finding-terms-unreadable-advice = 次のようなJSONを送ってください: { $example }
finding-terms-no-names = 継続承認に名前がありません。
finding-terms-no-names-advice = DNS名、IPアドレス、または .example.com のような接尾辞を書いてください。
finding-terms-too-many-names = 継続承認に名前が{ $count }個あります。受け付けられるのは{ $most }個までです。
finding-terms-zero =
    { $field ->
        [days] 日数が0です。
       *[certificates] 証明書の数が0です。
    }
finding-terms-number =
    { $field ->
        [days] 日数がないか、整数ではありません。
       *[certificates] 証明書の数がないか、整数ではありません。
    }
finding-terms-zero-advice = 1以上を書いてください。
finding-terms-name-kind = { finding-kind } { $name } は、継続承認には使えません。
finding-terms-name-kind-advice = DNS名、IPアドレス、または .example.com のような接尾辞を使ってください。
finding-terms-wildcard-suffix = { finding-kind } { $name } はワイルドカードです。ドットの後には書けません。
finding-terms-wildcard-suffix-advice = アスタリスクを除いてください。.example.com は、ワイルドカードも含めて example.com より下のすべての名前を表します。
finding-standing-none = プロファイル「{ $profile }」には継続承認がありません。
finding-standing-none-advice = 別のプロファイルを選ぶか、証明書を1つずつ申請してください。
finding-standing-days = プロファイル「{ $profile }」の継続承認は{ $most }日までです。申請されたのは{ $days }日です。
finding-standing-certificates = プロファイル「{ $profile }」の継続承認は証明書{ $most }枚までです。申請されたのは{ $certificates }枚です。
finding-standing-bound-advice = 少なく申請し、継続承認が終わる前に改めて申請してください。
finding-standing-only = これは継続承認の申請です。この申請そのものには証明書がありません。
finding-standing-only-advice = 継続承認のもとで証明書を申請してください。
finding-certificate-only = これは証明書の申請です。継続承認の申請ではありません。
finding-certificate-only-advice = 継続承認を別に申請してください。
finding-grant-not-allowed = 現在のポリシーでは、この継続承認のもとでこれ以上署名されません。
finding-grant-ended = この継続承認は期限前に終了されました。
finding-grant-over = この継続承認の期間は終わりました。
finding-grant-approvers-left = この継続承認に必要な承認が足りなくなりました。承認者が変わったか、ポリシーが求める承認が増えています。
finding-grant-used-up = この継続承認で発行できる証明書は残っていません。
finding-grant-advice = 新しい継続承認を申請するか、この証明書だけを申請してください。
finding-outside-grant-profile = この継続承認は、プロファイル「{ $profile }」の証明書だけが対象です。
finding-outside-grant-requester = この継続承認は、別の申請者の証明書が対象です。
finding-outside-grant-name = この継続承認は { $name } を対象としていません。
finding-outside-grant-advice = その名前などを外すか、この証明書だけを申請するか、対象に含む継続承認を申請してください。

## What the profile allows

finding-unknown-profile = プロファイル { $profile } はありません。
finding-unknown-profile-advice = 次の中から選んでください: { $known }
finding-profile-too-many-names = 名前が{ $count }個あります。プロファイル「{ $profile }」で認められているのは{ $most }個までです。
finding-wildcard = { finding-kind } { $name } はワイルドカードです。プロファイル「{ $profile }」ではワイルドカードは認められていません。
finding-wildcard-advice = 名前を1つずつ書くか、ワイルドカードを認めるプロファイルを選んでください。
finding-name-kind = { finding-kind } { $name } は、プロファイル「{ $profile }」では発行対象外の種類の名前です。
finding-name-excluded = { finding-kind } { $name } は、プロファイル「{ $profile }」の除外規則 { $rule } に該当します。
finding-name-outside = { finding-kind } { $name } は、プロファイル「{ $profile }」で認められている範囲に入っていません。
finding-other-profile = 別のプロファイルを選んでください。
finding-allowed-names = 認められている名前: { $allowed }
finding-allowed-dns = DNS名の範囲: { $allow }
finding-allowed-ip = IPアドレスの範囲: { $allow }
finding-allowed-mail = メールアドレスの範囲: { $allow }
finding-allowed-uri = 次に始まるURI: { $allow }
finding-allowed-but = { $allowed } (次を除く: { $deny })
finding-not-for-everybody = プロファイル「{ $profile }」を利用できる人は限られています。
finding-not-for-everybody-advice = これらの名前を申請できるかどうかは、メールアドレスを入力すると分かります。
finding-not-for-domain = プロファイル「{ $profile }」は、{ $domain } のメールアドレスでは利用できません。
finding-not-for-domain-advice = 別のプロファイルを選ぶか、これらの名前を所有するチームのメールアドレスで申請してください。
finding-name-not-for-domain = { finding-kind } { $name } は、{ $domain } のメールアドレスでは申請できません。
finding-name-not-for-domain-advice = この名前を所有するチームのメールアドレスで申請してください。
finding-constrained-name = 認証局 (CA) の名前制約により、{ finding-kind } { $name } は{ $forbid ->
        [exclude] 除外されています
       *[permit] 認められていません
    }。
finding-constrained-subject = 認証局 (CA) の名前制約により、サブジェクト { $subject } は{ $forbid ->
        [exclude] 除外されています
       *[permit] 認められていません
    }。
finding-constrained-advice = プロファイルを変えても同じです。その名前を取り除くか、どこで証明書を取得できるかを運用担当者に問い合わせてください。
finding-forbidden-purpose = 認証局 (CA) は、プロファイル「{ $profile }」が認める用途 { $purpose } の証明書を発行できません。
finding-forbidden-purpose-advice = 別のプロファイルを選ぶか、運用担当者に問い合わせてください。その用途を認めるCA証明書が必要です。

## Requested extensions

finding-comes-without = 証明書には含まれません。
finding-again-without = それを含めずに証明書署名要求 (CSR) を作り直してください。
finding-choose-for-purpose = { $without }必要な場合は、次のプロファイルを選んでください: { $profiles }
finding-authority = 認証局 (CA) の証明書が要求されています (basicConstraints CA:TRUE)。
finding-authority-advice = 認証局 (CA) の証明書を発行するプロファイルはありません。その拡張を含めずに証明書署名要求 (CSR) を作り直してください。
finding-key-usage = プロファイル「{ $profile }」では、この鍵 ({ $key }) に鍵用途 { $usage } は認められていません。
finding-purpose = プロファイル「{ $profile }」では、用途 { $purpose } は認められていません。
finding-other-name = 対応していない種類の名前 { $kind } が含まれています。
finding-extension = 要求された拡張 { $extension } は反映されません。拡張はプロファイルで決まります。
finding-attribute = 証明書署名要求 (CSR) の属性 { $attribute } は、証明書には入りません。
finding-subject-parts = 要求されたサブジェクトのうち { $parts } は証明書に含まれません。証明書に入るのは、確認された名前だけです。
finding-extension-twice = 要求された拡張 { $extension } が2回含まれています。
finding-extension-unreadable = 要求された拡張 { $extension } を読み取れません。
finding-extensions-unreadable = 要求された拡張の一覧を読み取れません。
finding-value-no-der = 証明書署名要求 (CSR) の { $what } の値が、認められた唯一の形式 (DER) で書かれていません: 値の{ $at }バイト目、{ $fault }。
finding-attribute-twice = 証明書署名要求 (CSR) に属性 { $attribute } が2回含まれています。
finding-attribute-values = 証明書署名要求 (CSR) の属性 { $attribute } に値が{ $count }個あります。値は1個でなければなりません。
finding-attribute-none = 証明書署名要求 (CSR) の属性 { $attribute } に値がありません。
finding-attribute-advice = すべての名前と拡張を1つのリストにまとめて、証明書署名要求 (CSR) を作り直してください。例: { $command }
finding-name-dropped-advice = 証明書には含まれません。このプロファイルでは、このような名前は除かれます。
finding-extension-advice = それを含めずに証明書署名要求 (CSR) を作り直してください。証明書の拡張はプロファイルで決まります。

## The requester's address

finding-email-advice = メールアドレスを1つ入力してください。例: { $example }
finding-email-missing = メールアドレスがありません。
finding-email-long = メールアドレスが{ $bytes }バイトあります。上限は{ $most }バイトです。
finding-email-control = メールアドレスに改行などの制御文字が含まれています。
finding-email-several = メールアドレスに空白、コンマ、かっこ、2つ以上の @ は使えません。
finding-email-no-at = メールアドレスに @ がありません。
finding-email-half = メールアドレスの @ の前または後に何もありません。
finding-email-unreachable = このメールアドレスにはメールを送れません。

## 指摘: Webフロントがフォームで見つけるもの

# フォームの項目名。プログラムには英語の名前で伝わる。
finding-field =
    { $field ->
        [email] メールアドレス
        [names] 名前
        [comment] コメント
        [csrContent] 証明書署名要求
        [csrFile] ファイル
        [profile] プロファイル
        [reason] 理由
        [decision] 承認・却下
        [digest] ダイジェスト
        [question] 質問
        [answer] 回答
        [number] 番号
       *[other] { $field }
    }
finding-missing =
    { $field ->
        [email] メールアドレスを入力してください。
        [csrContent] 証明書署名要求 (CSR) を貼り付けるか、ファイルを選択してください。
        [reason] 却下の理由を入力してください。
        [question] 質問を入力してください。
        [answer] 回答を入力してください。
       *[other] { finding-field }を入力してください。
    }
finding-give-email = 証明書はこのアドレスに届きます。
finding-give-request = BEGIN CERTIFICATE REQUEST の行から始まるテキストです。
finding-give-decision = approve または reject を指定してください。
finding-give-digest = 確認ページに表示されたダイジェストを指定してください。
finding-give-reason = 却下の理由は申請者に伝わります。
finding-no-string = { finding-field }の値が文字列ではなく、{ json-kind }です。
finding-no-string-advice = 文字列で指定してください。
finding-two-requests = 貼り付けた証明書署名要求 (CSR) と、選択したファイルの内容が異なります。
finding-two-requests-advice = 貼り付けたテキストを消すか、ファイルを選択せずに送信してください。
finding-text-long = { finding-field }が{ $count }文字あります。{ $most }文字以内で入力してください。
finding-text-long-advice = 短くしてください。
finding-text-control = { finding-field }に制御文字が含まれています。
finding-text-control-advice = 書式のないテキストで入力してください。
finding-decision = approve でも reject でもない値が指定されています。
finding-decision-advice = どちらかを指定してください。
finding-unfit-key = { $key } は Idempotency-Key として使えません。
finding-unfit-key-advice = UUIDなど、{ $most }文字以内の表示可能なASCII文字を指定してください。
finding-key-used = この Idempotency-Key は別の申請で使用済みです。
finding-key-used-advice = 新しい申請には新しいキーを指定してください。
finding-sign-in-needed = 現在、申請者はサインインする必要がありますが、この申請はサインインなしで確定されました。
finding-sign-in-needed-advice = もう一度申請し、サインインして確定してください。
finding-nobody-else = 自分の申請を自分で承認することはできません。プロファイル「{ $profile }」には、ほかの承認者が足りません。
finding-nobody-else-advice = 別のプロファイルを選ぶか、承認者の追加を運用担当者に依頼してください。

## 失効

revocation-unspecified = 理由なし
revocation-key-compromise = 秘密鍵が第三者に知られた可能性がある
revocation-affiliation-changed = 名前が変わった
revocation-superseded = 別の証明書に置き換えた
revocation-cessation-of-operation = もう使っていない
revocation-certificate-hold = 一時停止
revocation-privilege-withdrawn = 使用が認められなくなった

revoked-by-requester = 申請者
revoked-by-approver = 承認者
revoked-by-key-holder = 秘密鍵の持ち主
revoked-by-operator = 運用担当者
revoked-by-rule = ポリシーの規則

mail-revoked-subject = 証明書が失効しました: { $names }
mail-revoked-heading = 証明書が失効しました
mail-revoked = 証明書は失効リストに掲載され、失効を確認する相手からは拒否されます。サーバーから証明書を削除してください。秘密鍵が第三者に知られた可能性がある場合は、秘密鍵も削除してください。
mail-revoked-without-list = 今すぐサーバーから証明書を削除してください。秘密鍵が第三者に知られた可能性がある場合は、鍵も新しくしてください。発行した認証局は失効リストを公開できないため、失効したことは他の人にはわかりません。
mail-revoked-closing = 心当たりがない場合は、このメールの末尾にある申請IDを添えて運用担当者にお問い合わせください。
mail-revoked-approver = あなたが承認した証明書です。証明書は失効リストに掲載され、失効を確認する相手からは拒否されます。
mail-revoked-approver-without-list = あなたが承認した証明書です。申請者には証明書の削除をお願いしています。発行した認証局は失効リストを公開できないため、失効したことは他の人にはわかりません。
mail-revoked-approver-closing = 対応は不要です。心当たりがない場合は、このメールの末尾にある申請IDを添えて運用担当者にお問い合わせください。
mail-revoked-at = 失効日時
mail-revoked-by = 失効させた人
mail-revoked-reason = 理由
mail-revoked-comment = コメント

revoke = 証明書を失効させる
revoke-text = 失効させると、失効を確認する相手から拒否されます。元に戻すことはできません。
revoke-why = 失効の理由
revoke-comment = 通知を受ける人へのコメント
revoke-button = 失効させる
status-revoking = 証明書の失効処理中です
status-revoking-text = 失効リストに掲載されるまで、数秒かかります。
review-revoked-text = 失効を確認するサーバーやプログラムは、この証明書を拒否します。
review-revoked-without-list-text = 発行した認証局は失効リストを公開できないため、失効したことは他の人にはわかりません。申請者には証明書の削除をお願いしています。
fact-revoked = 失効日時
fact-revoked-by = 失効させた人
fact-revoked-reason = 理由

problem-revoke-cross-site = 別のサイトから送信されました。メールのリンクから申請を開き、そこで失効させてください。
problem-revoke-by-mail = このリンクでは申請の状況だけを確認でき、証明書を失効させることはできません。申請者宛てのメールのリンクから申請を開いてください。
problem-nothing-to-revoke = 失効させる証明書はありません。この申請は{ status-in-words }です。
problem-revoke-ended = 証明書の有効期間は終わっているため、失効させる必要はありません。
problem-revocation-not-allowed = ポリシーにより、理由 { $reason } で証明書を失効させることはできません。別の理由を選ぶか、運用担当者にお問い合わせください。
problem-no-such-certificate = このCAは、そのような証明書を発行していません。
problem-jws-malformed = JWSを読み取れません。{ $part } が、RFC 8555のセクション7.6の形式 (パディングなしのbase64url) ではありません。
problem-jws-algorithm = この証明書の鍵の署名方式は { $algorithm } です。この方式で署名し、protected ヘッダーの alg に指定してください。
problem-jws-url = 署名されたヘッダーに別のURLが指定されています。protected ヘッダーの url に { $url } を指定してください。
problem-jws-signature = 証明書の秘密鍵による署名ではありません。
finding-give-jws = フラット形式のJSONのJWS (protected、payload、signature) を送信してください。
finding-give-revocation-reason = 理由を、keyCompromise のようなRFC 5280の名前で指定してください。
finding-no-revocation-reason = そのような失効の理由はありません。
finding-no-revocation-reason-advice = { $known } のいずれかを指定してください。

## 検出内容: 更新

finding-renewal-unknown = 更新する証明書が見つからないか、リンクのキーが合いません。
finding-renewal-unknown-advice = メールまたは「自分の証明書」から証明書を開き、そこで更新してください。
finding-give-replaces = 更新する証明書の申請のIDを送信してください。
finding-give-replaces-key = その証明書を開くリンクのキーを送信してください。
finding-renewal-none = 更新できる証明書がありません。この申請は{ status-in-words }です。
finding-renewal-late = 証明書の有効期間は{ $ended }に終了しました。更新できるのは終了後{ days }までです。
finding-renewal-new-advice = 新しい申請を送信してください。
finding-renewal-other = この証明書は別のメールアドレスのものです。
finding-renewal-other-advice = 申請したときのアドレスを使うか、自分のアドレスで新しい申請を送信してください。
finding-renewal-same-key = これは更新する証明書と同じ鍵です。
finding-renewal-same-key-advice = 新しい鍵を作成してください。更新は鍵を取り替える機会です。

## パスキー

passkey-title = 承認・却下に使うパスキー
passkey-none = { $address } のパスキーはまだありません。
passkey-have = { $address } のパスキーがあります。追加日時:
passkey-what = パスキーはお使いの端末が作成して保管します。指紋、顔、暗証番号、またはセキュリティキーで解除します。承認や却下のたびにパスキーで署名するため、メールを読めるだけの人が代わりに承認や却下をすることはできません。
passkey-borrowed-host = このサービスにはまだ独自のドメインがありません。独自のドメインに移った場合は、パスキーを設定し直す必要があります。
passkey-set-up = パスキーを設定する
passkey-add = パスキーを追加する
passkey-back = 申請に戻る
passkey-no-script = パスキーを使うには、ブラウザーのスクリプト機能が必要です。このページで有効にするか、別のブラウザーでリンクを開いてください。
passkey-failed = 何も送信されませんでした。パスキーが使われなかったためです。もう一度お試しください。
passkey-code = メールのコード
passkey-code-hint = { $address } にコードをメールで送りました。1時間有効です。ここに入力してください。大文字と小文字、ハイフンは区別しません。
passkey-confirm = 確認する
passkey-another-approver = コードは正しいです。パスキーを持つ別の承認者の保証が必要です。次のリンクを送ってください。相手から、下のフィンガープリントを尋ねられます。
passkey-own-or-others = コードは正しいです。すでにパスキーがあるため、このリンクを開き、そのパスキーで新しいパスキーを保証してください。紛失した場合は、パスキーを持つ別の承認者{ $others }人にリンクを送ってください。
passkey-done = パスキーを追加しています
passkey-done-text = 数秒かかります。その後、申請に戻り、パスキーで承認または却下してください。
vouch-title = パスキーの保証
vouch-what = { $address } が証明書の承認・却下に使う新しいパスキーを作成しました。本人が作成したとわかる場合だけ保証してください。同じフィンガープリントが表示されているか、メール以外の方法で本人に確認してください。
vouch-fingerprint = フィンガープリント
vouch-address = あなたのアドレス
vouch-no-passkey = このアドレスの承認者のパスキーはありません。承認依頼のメールが届くアドレスを入力してください。
vouch-go-on = 続ける
vouch-button = 自分のパスキーで保証する
vouch-done = ありがとうございます
vouch-done-text = { $address } の新しいパスキーは、必要な確認がすべて終わると使えるようになります。
review-needs-passkey = この申請の承認・却下にはパスキーの署名が必要ですが、まだ設定されていません。設定は1分ほどで終わります。
review-passkey-hint = 端末がパスキーを求め、その署名が承認・却下に付きます。
fact-approval-digest = 承認の対象のダイジェスト
title-passkey-needed = パスキーが必要です
title-passkey-refused = パスキーを受け付けられませんでした
problem-passkey-needed = この申請の承認・却下にはパスキーの署名が必要です。リンクをブラウザーで開き、そこで承認または却下してください。
problem-passkey-refused = 署名を使えません ({ $why })。ページを読み込み直し、もう一度お試しください。
problem-passkey-unknown = このパスキーは、ここではあなたのアドレスのものではありません。ここで設定したパスキーを使うか、新しく設定してください。
problem-passkey-copied = パスキーのカウンターが戻っています。パスキーが複製された可能性があります。このサービスの運用者に伝えてください。
problem-passkey-new = このパスキーは使えません ({ $why })。もう一度試すか、別の端末をお使いください。
problem-passkey-unreadable = パスキーの応答を読み取れません。ページを読み込み直し、もう一度お試しください。
problem-passkey-no-domain = パスキーにはドメインが必要ですが、このサービスはIPアドレスで動いています。運用者に伝えてください。
problem-passkey-code = コードが違うか、1時間を過ぎています。最新のメールのコードを入力するか、最初からやり直してください。
finding-give-passkey = パスキーの応答をbase64urlで指定してください。
finding-give-code = メールのコードを入力してください。
mail-enrolment-subject = 新しいパスキーのコード
mail-enrolment-heading = 新しいパスキーの確認
mail-enrolment = パスキーを設定したページに、このコードを入力してください。{ $until }まで有効です。
mail-enrolment-code = { $code }
mail-enrolment-not-you = このコードを本人以外に渡さないでください。パスキーを設定した覚えがない場合は、ほかの人が承認リンクを持っています。コードを渡さず、CAの運用者に知らせてください。

## サインイン

sign-in-title = 承認・却下のためのサインイン
sign-in-text = { $host } でサインインします。その後ここに戻り、もう一つのボタンで承認または却下を確定します。
sign-in-confirm-title = サインインして確定する
sign-in-confirm-text = { $host } でサインインします。その後ここに戻り、もう一つのボタンで申請を確定します。
sign-in-go = 続ける
signed-in-approve =
    { $kind ->
        [grant] 確認: これらの名前の証明書の継続承認を承認します
       *[certificate] 確認: この証明書を承認します
    }
signed-in-reject =
    { $kind ->
        [grant] 確認: この継続承認を却下します
       *[certificate] 確認: この証明書を却下します
    }
signed-in-as =
    { $kind ->
        [grant] { $approver } としてサインインしています。この継続承認を申請したのは { $requester } です。まだ何も決まっていません。
       *[certificate] { $approver } としてサインインしています。この証明書を申請したのは { $requester } です。まだ何も決まっていません。
    }
signed-in-confirm = 確認: これは自分の申請です
signed-in-requester =
    { $kind ->
        [grant] { $email } としてサインインしています。まだ確定していません。この継続承認にお心当たりがない場合は、このページを閉じてください。
       *[certificate] { $email } としてサインインしています。まだ確定していません。この証明書にお心当たりがない場合は、このページを閉じてください。
    }
review-sign-in-approve = サインインして承認する
review-sign-in-reject = サインインして却下する
review-sign-in-hint = 承認・却下のために、組織のアカウントでサインインします。
title-sign-in-needed = サインインが必要です
title-sign-in-refused = サインインを受け付けられませんでした
problem-sign-in-needed = この申請の承認・却下にはサインインが必要です。リンクをブラウザーで開き、そこで承認または却下してください。
problem-sign-in-needed-to-confirm = 申請の確定にはサインインが必要です。リンクをブラウザーで開き、そこでサインインしてください。
problem-sign-in-cookie = このサインインは、このブラウザーで始まったものではないか、10分を過ぎています。メールのリンクをもう一度開き、このページのクッキーを許可してください。
problem-sign-in-state = この応答は、このブラウザーで始めたサインインのものではありません。メールのリンクをもう一度開いてください。
problem-sign-in-issuer = この応答は、依頼先とは別のサインインサービスからのものです。メールのリンクをもう一度開いてください。繰り返す場合は、このサービスの運用者に伝えてください。
problem-sign-in-declined = サインインは完了しませんでした ({ $error })。何も決まっていません。もう一度試すには、メールのリンクを開いてください。
problem-sign-in-code = このサインインは使用済みか、古すぎます。メールのリンクをもう一度開いてください。
problem-sign-in-client = サインインサービスがこのサービスを受け付けません ({ $error })。このサービスの運用者に伝えてください。
problem-sign-in-provider = サインインサービスが応答しません。何も決まっていません。数分後にもう一度お試しください。
problem-sign-in-keys = サインインサービスの鍵が新しいため、取得しています。数秒後にもう一度ボタンを押してください。
problem-sign-in-no-provider = このサービスにはサインインサービスが設定されていません。運用者に伝えてください。
problem-sign-in-no-address = サインインサービスがあなたのアドレスを示していません。このサービスの運用者に伝えてください。
problem-sign-in-unverified = サインインサービスはあなたのアドレスを確認していません。このサービスの運用者に伝えてください。
problem-sign-in-other-person = このリンクを受け取った承認者とは別の人としてサインインしています。そのアカウントでサインインするか、あなたに届いたリンクをお使いください。
problem-sign-in-not-in-group = このリンクはグループ宛てですが、サインインサービスによると、あなたはそのメンバーではありません。別のアカウントでサインインするか、グループの管理者に依頼してください。
problem-own-request = この申請はあなた自身によるものです。グループの別の人が承認または却下する必要があります。
problem-sign-in-other-requester = この申請のアドレス { $email } とは別の人としてサインインしています。サインインサービスでサインアウトして { $email } としてサインインするか、自分のアドレスでもう一度申請してください。
problem-sign-in-clock = サインインの時刻が未来です。時計がずれています。このサービスの運用者に伝えてください。
problem-sign-in-expired = サインインの有効期限が切れています。メールのリンクをもう一度開いてください。
problem-sign-in-old = サインインから時間がたちすぎています。サインインサービスでサインアウトしてから、メールのリンクをもう一度開いてください。
problem-sign-in-refused = このサインインは使えません ({ $why })。メールのリンクをもう一度開いてください。
problem-sign-in-reason = 理由が長すぎて、サインインの間保持できません。650文字程度に短くしてください。
finding-give-id-token = サインインのIDトークンを指定してください。
### Messages to chats: Slack and Teams

chat-submitted =
    { $kind ->
        [grant] 継続承認の申請がありました
       *[certificate] 証明書の申請がありました
    }
chat-pending-approval =
    { $kind ->
        [grant] 継続承認の申請が承認を待っています
       *[certificate] 証明書の申請が承認を待っています
    }
chat-reminded =
    { $kind ->
        [grant] 継続承認の申請がまだ承認を待っています
       *[certificate] 証明書の申請がまだ承認を待っています
    }
chat-escalated =
    { $kind ->
        [grant] 継続承認の申請がまだ承認を待っているため、ほかの承認者にも依頼しました
       *[certificate] 証明書の申請がまだ承認を待っているため、ほかの承認者にも依頼しました
    }
chat-approved =
    { $kind ->
        [grant] 継続承認の申請が承認されました
       *[certificate] 証明書の申請が承認されました
    }
chat-issued = 証明書が発行されました
chat-delivered =
    { $kind ->
        [grant] 継続承認が有効になりました
       *[certificate] 証明書が申請者に届けられました
    }
chat-refused =
    { $kind ->
        [grant] ポリシーで許可されていない継続承認の申請がありました
       *[certificate] ポリシーで許可されていない証明書の申請がありました
    }
chat-rejected =
    { $kind ->
        [grant] 継続承認の申請が却下されました
       *[certificate] 証明書の申請が却下されました
    }
chat-withdrawn =
    { $kind ->
        [grant] 継続承認の申請が取り下げられました
       *[certificate] 証明書の申請が取り下げられました
    }
chat-expired =
    { $kind ->
        [grant] 期限までに継続承認の申請が承認も却下もされませんでした
       *[certificate] 期限までに証明書の申請が承認も却下もされませんでした
    }
chat-failed =
    { $kind ->
        [grant] 継続承認の申請の処理に失敗しました
       *[certificate] 証明書の申請の処理に失敗しました
    }
chat-retried =
    { $kind ->
        [grant] 失敗した継続承認の申請の処理を再開しました
       *[certificate] 失敗した証明書の申請の処理を再開しました
    }
chat-revoked = 証明書が失効しました
chat-decide = 承認者は、ご自分宛てのメールにあるリンクから承認または却下してください。このメッセージからは承認も却下もできません。
chat-open = 承認を待っている申請の一覧
chat-test = このチャンネルには証明書についての通知が届きます

## 継続承認

standing-days = 承認から{ days }
standing-most = 最大{ $certificates }枚
standing-suffix-hint = ドットで始まる名前は、その下のすべての名前を表します。
mail-standing-days = 期間
mail-standing-most = 証明書の数
mail-granted-subject = { $names } の継続承認
mail-granted-heading = 継続承認の準備ができました
mail-granted = 申請が承認されました。{ $until }まで、これらの名前の証明書が確認なしで発行されます。
mail-granted-open = 継続承認を開く
mail-granted-credential = プログラムには認証情報が必要です。上のページで作成してください。認証情報はそのページに一度だけ表示されます。
mail-granted-yours = このリンクはあなた専用です。リンクを知っている人は、これらの証明書の認証情報を作成できます。
review-terms-lead = 承認から<strong>{ days }</strong>、これらの名前の証明書が最大<strong>{ $certificates }枚</strong>、確認なしで発行されます。
review-terms-each = 各証明書の有効期間: { days }
review-terms-last = 今日承認した場合、{ $until }に終わります。最後の証明書の期限は遅くとも{ $last }です。
review-terms-granted = 継続承認は有効で、申請者に知らせました。
terms-title = 継続承認の申請
terms-lead = 証明書を自動で取得・更新するプログラムのための申請です。承認者が一度承認すると、指定した期限まで、これらの名前の証明書が確認なしで発行されます。
terms-email-hint = 経過をこのアドレスにお知らせします。証明書はあなたの名義で発行されます。
terms-names-hint = 1行に1つずつ書いてください。ドットで始まる名前は、その下のすべての名前を表します: <code>.web.example.com</code>
terms-profile = 証明書の用途
terms-bounds = 最長{ days }、最大{ $certificates }枚です。
terms-days = 日数
terms-days-hint = 承認の日から数えます。
terms-certificates = 証明書の数
terms-certificates-hint = 最大の枚数です。更新も1枚と数えます。
terms-comment-hint = どのプログラムが使うか、なぜ証明書が必要かを書いてください。
terms-preview-title = 承認される内容
terms-each = 各証明書の有効期間
terms-no-profile = 現在のポリシーには継続承認がありません。運用担当者に相談するか、証明書を1枚ずつ申請してください。
form-standing = プログラムで証明書を繰り返し使いますか? 継続承認を申請できます。
finding-unknown-kind = この種類の申請はありません。
finding-unknown-kind-advice = certificate または grant を送ってください。証明書の場合は省略できます。
status-granted-text = { $until }まで、これらの名前の証明書が確認なしで発行されます。
standing-so-far = 発行された証明書
standing-none-so-far = まだありません。
standing-number = { $number }番
standing-no-certificate = 証明書なし
standing-fold = ほか{ $count }件
standing-beyond = { $used }件のうち最新の{ $listed }件を表示しています。すべての一覧は運用担当者が確認できます。
standing-ended-by = 終了した人
standing-ending = 継続承認を終了しています…
standing-ending-text = 数秒かかります。終了すると、この継続承認では証明書が発行されなくなります。
standing-over-text = { $why }発行済みの証明書は、期限が来るか失効するまで有効です。
standing-end = 継続承認を終了する
standing-end-text = 証明書は発行されなくなり、プログラムからの申請は拒否されます。発行済みの証明書は有効なままです。使われては困る証明書は、それぞれのページで失効させてください。元に戻すことはできません。
standing-end-reason = 終了する理由
standing-end-button = 終了する
credential-title = プログラム用の認証情報
credential-text = 認証情報を持つプログラムは、あなたの名義の証明書を確認なしで取得できます。表示は一度だけです。安全な保管場所を用意してください。
credential-replaces = 認証情報 (番号: { $number }、作成日時: { $at }) があります。新しく作成すると置き換わります。古い認証情報を送るプログラムは拒否され、古い認証情報で新しいACMEクライアントを登録することもできなくなります。登録済みのACMEクライアントはそのまま使えます。
credential-make = 認証情報を作成する
credential-another = 認証情報を置き換える
credential-made-title = 新しい認証情報
credential-made-text = 今すぐコピーしてください。このページは一度しか表示されません。パスワードと同じように扱ってください。
credential-for-acme = ACMEクライアント用
credential-directory = サーバー (ディレクトリ)
credential-key-id = 鍵ID
credential-mac-key = HMAC鍵
credential-for-api = 自作のプログラム用
credential-bearer = 認証情報
credential-keep = ほかの人に見られた可能性がある場合は、認証情報を置き換え、証明書の一覧を確認してください。心当たりのない証明書がある場合は、継続承認を終了してください。
title-credential-refused = 認証情報が無効です
problem-credential-refused = この認証情報は使えません。一部が欠けているか、新しいものに置き換えられています。メールのリンクから継続承認のページを開いて新しく作成し、「Authorization: Bearer …」として送ってください。
problem-credential-for-certificates = 認証情報で取得できるのは証明書だけです。継続承認を申請する場合は、認証情報を付けずに送ってください。
problem-credential-by-mail = このリンクでは継続承認を見ることはできますが、認証情報は作成できません。申請者宛てのメールのリンクから開いてください。
problem-credential-made = ページを開いた後に、別の認証情報が作成されました。置き換える前にページを読み込み直してください。
problem-end-by-mail = このリンクでは継続承認を見ることはできますが、終了することはできません。申請者宛てのメールのリンクから開いてください。
problem-standing-cross-site = 別のサイトから送信されました。メールのリンクから継続承認のページを開き、そこで操作してください。
problem-no-standing = 継続承認はありません。この申請は{ status-in-words }です。
finding-credential-number = 認証情報の番号が整数ではありません。
finding-credential-number-advice = 置き換える認証情報の番号を送ってください。ない場合は0を送るか、省略してください。
finding-end-reason = 継続承認を終了する理由を入力してください。
finding-give-end-reason = 終了の記録に残ります。
finding-under-standing-replaces = 継続承認のもとで発行される証明書は、ほかの証明書を置き換えません。
finding-under-standing-replaces-advice = この項目を省いてください。古い証明書を使えなくするには失効させてください。

## A key made in the browser
newkey-title = 鍵を作成して証明書を申請する
newkey-lead = このページは、お使いのブラウザーの中で秘密鍵とその証明書署名要求 (CSR) を作成します。送信されるのは要求だけです。鍵は、自分で持ち出さない限りこのブラウザーの外に出ません。
newkey-elsewhere = サーバーの場合は、鍵を使うマシンで作成するほうが安全です
newkey-unable = ここでは鍵を作成できません
newkey-no-script = JavaScript が必要です。代わりにコマンドで鍵を作成し、フォームから申請してください。
newkey-no-crypto = このページではブラウザーの WebCrypto を使えません。使えるのは https で接続した場合と localhost だけです。https でポータルを開くか、コマンドで鍵を作成してください。
newkey-key = 鍵
newkey-names-hint = 証明書に入れる名前を空白で区切って入力してください。例: www.example.com example.com 10.0.0.1
newkey-kind = 鍵の種類
newkey-kind-p256 = 短くて速く、ほとんどのプログラムで使えます。特に理由がなければこれを選んでください。
newkey-kind-p384 = 規則で求められている場合に選んでください。
newkey-kind-rsa = 楕円曲線に対応していないプログラム向けです。作成に数秒かかります。
newkey-kind-ed25519 = 新しい方式です。ブラウザーや多くのTLSサーバーは、この鍵の証明書にまだ対応していません。
newkey-no-kind = このプロファイルで使える鍵の種類を、お使いのブラウザーは作成できません。コマンドで作成してください。
newkey-passphrase = 鍵ファイルのパスフレーズ
newkey-passphrase-hint = 12文字以上の、ASCIIの英字、数字、空白、記号で入力してください。どのプログラムでも同じように読み取られます。忘れると誰も鍵を開けず、再設定もできません。パスワードマネージャーに保存してください。
newkey-show = 入力した文字を表示する
newkey-again = パスフレーズ (もう一度)
newkey-keep = 暗号化した鍵ファイルをこのブラウザーにも保存する
newkey-keep-hint = この端末のこのブラウザーで申請の状況ページを開いたときに使います。自分の端末でだけ選んでください。ダウンロードは別に必要です。
newkey-no-store = このブラウザーには保存場所 (IndexedDB) がありません。ダウンロードしたファイルを保管してください。
newkey-button = 鍵と要求を作成する
newkey-update = この名前で要求を作成し直す
newkey-made-text = 鍵を作成しました。パスフレーズで暗号化したファイルをダウンロードしてください。写しはほかになく、このページを離れると失われます。
newkey-download = 暗号化した鍵をダウンロードする
newkey-discard = 破棄して作成し直す
newkey-request = 申請
newkey-working = 処理しています…
newkey-failed = ブラウザーでエラーが発生しました。もう一度試すか、コマンドを使ってください。
newkey-passphrase-empty = パスフレーズを入力してください。パスフレーズのない鍵ファイルは、手に入れた人なら誰でも使えてしまいます。
newkey-passphrase-short = 12文字以上にしてください。短いと、ファイルを手に入れた人に総当たりで見つけられます。
newkey-passphrase-characters = ASCIIの英字、数字、空白、記号だけを使ってください。ほかの文字はプログラムによって読み取り方が異なり、ファイルを開けなくなります。
newkey-passphrase-differs = 2つのパスフレーズが異なります。同じものを2回入力するか、入力した文字を表示してください。
newkey-need-key = 申請を送信する前に、鍵を作成してください。
newkey-need-request = 申請を送信する前に、今の名前で要求を作成してください。
newkey-need-download = 申請を送信する前に、暗号化した鍵をダウンロードしてください。後から誰かが渡すことはできません。
newkey-no-names = 名前を1つ以上入力してください。
newkey-wrong-names = 次のものは、ホスト名、IPアドレス、メールアドレス、URIのいずれでもありません:
newkey-is-made = 鍵と要求を作成しました。次に鍵をダウンロードしてください。
newkey-is-updated = 同じ鍵で要求を作成し直しました。
newkey-is-kept = 状況ページで消去するまで、暗号化したファイルをこのブラウザーにも保存します。
newkey-not-kept = このブラウザーには保存できませんでした。ダウンロードしたファイルだけが残ります。
newkey-offer = 代わりにこのブラウザーで鍵を作成する

keyfile-title = 鍵と証明書を1つのファイルにする
keyfile-kept = この申請の暗号化した鍵ファイルが、このブラウザーに保存されています。
keyfile-kept-use = 別のファイルを選ばない限り、これを使います。
keyfile-forget = 保存した鍵ファイルを消去する
keyfile-no-crypto = このページではブラウザーの WebCrypto を使えません。使えるのは https で接続した場合と localhost だけです。ファイルは次のコマンドで作成できます: <code>openssl pkcs12 -export -inkey key.pem -in fullchain.pem -out certificate.p12</code>
keyfile-lead = この申請の鍵に使います。鍵を作成するページで作ったものでも、自分のツールで作ったものでも構いません。すべてこのページの中で行われ、鍵もパスフレーズも送信されません。
keyfile-choice = 鍵ファイル
keyfile-choice-hint = PEMまたはDERの PKCS#8 です。暗号化の有無は問いません。ここにドロップすることもできます。
keyfile-passphrase = 鍵ファイルのパスフレーズ
keyfile-what = 必要なファイル
keyfile-modern = PKCS#12 ファイル
keyfile-modern-hint = Java、ブラウザー、Windows 10 以降など、ほとんどのプログラム向けです (AES-256、SHA-256)。macOS では <code>security import -f pkcs12</code> で読み込めます。
keyfile-pbmac1 = PBMAC1 の PKCS#12 ファイル
keyfile-pbmac1-hint = パスフレーズの推測により強い形式です (RFC 9579)。OpenSSL 3.4 など2024年以降のプログラム向けで、それより古いものでは開けません。
keyfile-bundle = 鍵と証明書チェーンを1つにしたPEM
keyfile-bundle-hint = HAProxy などのプログラム向けです。中の鍵は暗号化されません。
keyfile-key = 鍵のPEM
keyfile-key-hint = nginx や Apache などのプログラム向けです。暗号化されません。
keyfile-fullchain = 証明書チェーンのPEM
keyfile-fullchain-hint = 鍵が証明書のものであることを確認したうえで、証明書とその発行者をまとめます。鍵は含みません。
keyfile-older = プログラムが古く、どちらの PKCS#12 ファイルも開けない場合
keyfile-older-text = Windows Server 2016 や古い macOS では 3DES と SHA-1 が必要ですが、ブラウザーの WebCrypto に 3DES はありません。OpenSSL 3 の次のコマンドで、1つ目の形式から作成できます。暗号化が弱いため、読み込んだら削除してください。
keyfile-another = PKCS#12 ファイルの別のパスフレーズ
keyfile-another-hint = 空欄の場合は鍵ファイルと同じになります。
keyfile-open-warning = このファイルは、読める人なら誰でも使えます。使うマシンに置いてそのプログラムだけが読めるようにし、ダウンロードしたものは削除してください。
keyfile-button = ファイルを作成する
keyfile-download = ダウンロード:
keyfile-is-made = ファイルを作成しました。
keyfile-is-forgotten = 鍵ファイルはこのブラウザーから消去されました。
keyfile-not-forgotten = ブラウザーでエラーが発生しました。ブラウザーの設定でこのサイトのデータを削除してください。
keyfile-no-file = 鍵ファイルを選択してください。
keyfile-no-key-file = このファイルは秘密鍵ではありません。ダウンロードした、名前が <code>-key.pem</code> で終わる鍵ファイルを選択してください。
keyfile-other-format = このファイルの鍵は別の形式です。次のコマンドで PKCS#8 に変換してください: <code>openssl pkcs8 -topk8 -in key.pem -out key-encrypted.pem</code>
keyfile-needs-passphrase = この鍵ファイルは暗号化されています。パスフレーズを入力してください。
keyfile-wrong-passphrase = このパスフレーズでは鍵ファイルを開けません。大文字と小文字、キーボードの設定を確認してください。再設定はできません。
keyfile-unsupported-encryption = この暗号化はブラウザーでは開けません。次のコマンドで暗号化し直してください: <code>openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in key.pem -out key-encrypted.pem</code>
keyfile-unsupported-key = この種類の鍵はブラウザーでは使えません。<code>openssl pkcs12 -export</code> で作成してください。
keyfile-other-key = これは別の証明書の鍵です。この申請の鍵ファイルを選択してください。
keyfile-no-certificate = 証明書を取得できませんでした。しばらくしてからもう一度試すか、メールのリンクからページを開き直してください。

## コンソール

console-title = コンソール
console-lead = ポリシーで指定された運用者と監査者のためのページです。ここで承認する人はいません。
console-by-passkey = お使いのデバイスに、このサイトのパスキーが表示されます。自分のものを選んでください。
console-sign-in-passkey = パスキーでサインインする
console-by-provider = アカウントでサインインすると、このページに戻ります。
console-sign-in-provider = サインインする
console-signed-in-already = サインイン済みの場合はコンソールを開く
console-lead-on = { $host } に移動します。サインインすると、このページに戻ります。
console-signed-in-as = { $person } としてサインインしました。
console-open = コンソールを開く
console-sign-out = サインアウトする
console-auditor = 監査者
console-operator = 運用者
console-overview = 概要
console-certificates = 証明書
console-grants = 継続承認
console-issuers = 発行者
console-policy = ポリシー
console-status =
    { $status ->
        [unconfirmed] 申請者の確認待ち
        [submitted] 確認中
        [pending_approval] 承認待ち
        [approved] 承認済み (署名処理中)
        [issued] 発行済み
        [delivered] 送付済み
        [refused] 受付不可
        [rejected] 却下済み
        [withdrawn] 取り下げ済み
        [expired] 期限切れ
        [failed] 障害により停止
       *[revoked] 失効済み
    }
console-waiting = 承認待ち
console-nothing-waits = 承認待ちの申請はありません。
console-failed = 障害により停止
console-nothing-failed = 停止した申請はありません。
console-in-progress = 処理中
console-more = 最初の{ $count }件を表示しています。
console-unconfirmed = 申請者の確認を待っている申請が{ $count }件あります。
console-unconfirmed-many = 申請者の確認を待っている申請が{ $count }件以上あります。
console-in-status = 申請: { $status }
console-all-in = 申請をすべて表示: { $status }
console-next-requests = 次の申請
console-forecast = 終了する証明書
console-within = { days }以内
console-count = 証明書{ $count }件
console-at-least = 証明書{ $count }件以上
console-search-by = 検索の方法
console-by-name = 名前 (先頭の部分でも可)
console-by-domain = ドメインの下のすべての名前
console-by-requester = 申請者のアドレス
console-by-profile = プロファイル
console-by-issuer = 発行者の鍵識別子 (先頭の部分でも可)
console-by-serial = シリアル番号
console-search-for = 検索する文字列
console-search-state = 状態
console-any-state = すべて
console-state-valid = 有効
console-state-ended = 終了
console-state-revoked = 失効済み
console-search = 検索する
console-found = 見つかった証明書
console-ending-within = { days }以内に終了する証明書
console-none-found = ありません。
console-none-so-far = ここまでに調べた証明書には、この状態のものがありません。続きを調べてください。
console-next = 続きの証明書
console-no-address = メールアドレスではありません。全体を入力してください。
console-no-profile = この名前のプロファイルはポリシーにありません。「ポリシー」のページで確認してください。
console-no-issuer = 鍵識別子がこのように始まる発行者は、存在しないか複数あります。「発行者」のページで確認してください。
console-no-serial = シリアル番号ではありません。16進数の数字を入力してください。コロンはあってもなくてもかまいません。
console-no-place = このページのアドレスが変更されています。もう一度検索してください。
console-used = { $most }件のうち{ $used }件の証明書を使用済みです。
console-grant-until = { $until }に終了します。
console-no-grants = 継続承認はありません。
console-issuer-in-force = 使用中
console-issuer-former = 以前の発行者
console-key-identifier = 鍵識別子
console-valid-from = 有効期間の開始
console-list = 失効リスト
console-list-number = { $number }番 ({ $at })。
console-revoked-count =
    { $count ->
        [0] 失効した証明書はありません。
       *[other] 証明書{ $count }件を含みます。
    }
console-list-next = 次のリストの期限
console-list-late = 期限切れ: 確認する相手は証明書を拒否します
console-no-list = 公開されていません。
console-issued-by = この発行者の証明書
console-policy-version = バージョン
console-operators = 運用者
console-auditors = 監査者
console-approvers = 承認者
console-escalation = エスカレーション後に承認できる人
console-identity = 承認者の本人確認
console-identity-mail = メールのリンク
console-identity-passkey = パスキー
console-identity-oidc = サインイン
console-validity = 証明書の有効期間
console-standing-bounds = { days }で証明書{ $certificates }件まで
console-policy-where = ポリシーはこのページではなく、コマンドで変更します。
console-facts = 申請
console-decide-until = 承認の期限
console-execution = 実行
console-execution-open = Step Functions で開く
console-votes = 承認と却下
console-in-place = { $people } の代理
console-approved = 承認
console-rejected = 却下
console-proof-passkey = パスキー { $id } による署名を、いま確認しました。
console-proof-oidc = 認証プロバイダーでのサインインを、いま確認しました。
console-proof-mail = メールのリンクによります。
console-proof-wrong = 証明が正しくありません: { $why }
console-operations = 運用者の操作
console-operation =
    { $operation ->
        [resend] 承認者への新しいリンク
        [end] 継続承認の終了
       *[retry] 停止後の再開
    }
console-audit = 監査
console-audit-good = いま確認しました。{ $count }件の記録は欠けることなく、改変もなく、行と一致しています。
console-audit-bad = いま確認しました。記録と行が一致しません。書き出した記録と比べ、セキュリティの責任者に連絡してください。
console-trail = すべての記録
console-reason = 理由
console-reason-hint = 申請とともに保存されます。500文字以内で入力してください。
console-resend = 承認者に新しいリンクを送る
console-resend-text = 承認できる人すべてに新しいリンクが届きます。以前のリンクは使えなくなりますが、承認と却下は残ります。
console-resend-button = 新しいリンクを送る
console-retry = 申請を再開する
console-retry-text = 申請は停止したところから続きます。承認はそのまま残り、証明書が2つ作られることはありません。
console-retry-button = 再開する
console-revoke = 証明書を失効させる
console-revoke-text = 失効を確認する相手からは、数分以内に拒否されます。元に戻すことはできません。申請者と承認者に、理由を記したメールが届きます。
console-revoke-button = 失効させる
console-end = 継続承認を終了する
console-end-text = 以後は証明書が発行されません。発行済みの証明書は有効なままです。元に戻すことはできません。申請者にメールが届きます。
console-end-button = 終了する
problem-console-sign-in = コンソールにはサインインが必要です。ブラウザーで開いてください。
problem-console-cross-site = 別のサイトから送信されたため、何も行われませんでした。コンソールを開き、そこで操作してください。
problem-console-form = 別のセッションのフォームだったため、何も行われませんでした。ページを開き直し、そこから送信してください。
problem-console-auditor = 監査者は閲覧のみできます。運用者に依頼してください。
problem-console-action = このような操作はありません。ページにあるものから選んでください。
problem-console-nothing-to-resend = この申請の承認を待っている人はいないため、送るリンクがありません。
problem-console-not-failed = 再開できるのは停止した申請だけです。この申請は{ status-in-words }です。
problem-console-too-many = この申請には50件の操作の理由が保存されており、これ以上は保存できません。コマンドを使ってください。
problem-console-passkey = このパスキーではコンソールを開けません。別のパスキーを使うか、運用者に招待を依頼してください。
problem-console-ticket = サインインに5分以上かかったか、別のブラウザーで始まったものです。もう一度試してください。
problem-console-stranger = ポリシーは、あなたを運用者にも監査者にも指定していません。別のアカウントでサインインするか、運用者に相談してください。
finding-give-console-reason = 後で記録を読む人のために、理由を入力してください。
