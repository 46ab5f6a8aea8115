//! Counters, as the operator reads them.

use super::*;

#[tokio::test]
async fn counters_name_routes_and_statuses_and_nothing_that_a_caller_sent() {
    let (enclave, _) = backend("HTTP/1.1 401 X\r\ncontent-length: 0\r\n\r\n").await;
    let counters = Arc::new(Counters::default());
    let log = Arc::new(AccessLog::off(now, Arc::clone(&counters)));
    let backend = read(&[("BACKEND_URL", &format!("http://{enclave}"))]).backend;
    let main = start_relay(Relay::new(backend, CALL, Arc::clone(&counters), log).unwrap()).await;
    let told = Arc::clone(&counters);
    let operator = start_with(move |request| {
        let counters = Arc::clone(&told);
        async move { counters.answer(&request) }
    })
    .await;
    for path in [
        &format!("/enclave/summary/{SESSION}?{SESSION}"),
        "/PLANTED",
        "/PLANTED?secret=PLANTED",
        "/health/live",
    ] {
        get(main.address, path).await;
    }
    let answer = get(operator.address, "/metrics").await;
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let expected = "# TYPE perfagg_main_calls_total counter\n\
        perfagg_main_calls_total{route=\"(none)\",status=\"404\"} 1\n\
        perfagg_main_calls_total{route=\"(none)\",status=\"422\"} 1\n\
        perfagg_main_calls_total{route=\"/enclave/summary/{session_id}\",status=\"401\"} 1\n\
        perfagg_main_calls_total{route=\"/health/live\",status=\"200\"} 1\n\
        # TYPE perfagg_main_failures_total counter\n\
        perfagg_main_failures_total{code=\"NOT_FOUND\"} 1\n\
        perfagg_main_failures_total{code=\"RELAY_CLEAR_CREDENTIALS\"} 1\n\
        # TYPE perfagg_main_countersigns_total counter\n\
        perfagg_main_countersigns_total{outcome=\"signed\"} 0\n\
        perfagg_main_countersigns_total{outcome=\"missed\"} 0\n\
        # TYPE perfagg_main_access_log_lost_total counter\n\
        perfagg_main_access_log_lost_total 0\n";
    assert_eq!(body, expected);
    assert!(!answer.contains("access-control-allow-origin"), "no web page reads them: {answer}");
    assert!(get(operator.address, "/enclave/sealed").await.starts_with("HTTP/1.1 404 "));
}
