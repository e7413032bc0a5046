//! An HTTP client of the SDK that notes the operation of each call.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_types::sdk_config::SdkConfig;
use workflow::testing::sdk_at;

/// The operations so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct NotedCalls(Arc<Mutex<Vec<String>>>);

impl NotedCalls {
    /// Takes the operations since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[derive(Debug)]
struct CountingClient {
    inner: SharedHttpClient,
    calls: NotedCalls,
}

#[derive(Debug)]
struct CountingConnector {
    inner: SharedHttpConnector,
    calls: NotedCalls,
}

impl HttpClient for CountingClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(CountingConnector { inner, calls: self.calls.clone() })
    }
}

impl HttpConnector for CountingConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or("?");
        let operation = target.rsplit('.').next().unwrap_or(target).to_owned();
        self.calls.0.lock().unwrap().push(operation);
        self.inner.call(request)
    }
}

/// Clients of the services at this address, whose calls are noted.
pub(crate) fn counted(endpoint: &str) -> (SdkConfig, NotedCalls) {
    let (sdk, calls) = (sdk_at(endpoint), NotedCalls::default());
    let inner = sdk.http_client().expect("a client");
    let client = CountingClient { inner, calls: calls.clone() };
    (sdk.into_builder().http_client(client).build(), calls)
}
