# 画面やメールで使うすべての文言(日本語)。IDと値は en.ftl とすべて一致させること(workflow/tests/texts.rs)。

## 言語名と日付

language-name = 日本語
date-month = { $month }月
date-day = { $year }年{ date-month }{ $day }日
date-instant = { date-day } { $time } UTC

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
