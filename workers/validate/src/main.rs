//! The Lambda function of the state Validate.

use validate::Validate;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    workflow::runtime::lambda::serve(|aws| {
        Ok(Validate { requests: aws.requests()?, policies: aws.policies()?, issuers: aws.issuers()? })
    })
    .await
}
