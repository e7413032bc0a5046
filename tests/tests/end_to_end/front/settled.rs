//! A page whose timers and fetches a test can wait for.

use end_to_end::Browser;

/// Timers of the page run in their next turn, and its fetches are kept: nothing is left to wait for when
/// [`settle`] returns.
const INSTRUMENT: &str = "
    window.started = [];
    const fetchOfBrowser = window.fetch;
    window.fetch = (...call) => {
        const answer = fetchOfBrowser(...call);
        window.started.push(answer.then((one) => one.clone().text()));
        return answer;
    };
    window.setTimeout = (run) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = run;
        port2.postMessage(0);
        return 0;
    };";
const SETTLE: &str = "
    const done = arguments[arguments.length - 1];
    const settle = async () => {
        const count = window.started.length;
        await new Promise((turn) => setTimeout(turn));
        await Promise.allSettled(window.started);
        // The page reads the answer, too.
        await new Promise((turn) => setTimeout(turn));
        if (window.started.length > count) return settle();
        done(true);
    };
    settle();";

/// Instruments the page that is open.
pub(super) async fn instrument(browser: &Browser) {
    browser.page.execute(INSTRUMENT, Vec::new()).await.unwrap();
}

/// Waits for everything that the page has begun.
pub(super) async fn settle(browser: &Browser) {
    browser.page.execute_async(SETTLE, Vec::new()).await.unwrap();
}
