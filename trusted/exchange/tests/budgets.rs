//! Budgets that all sessions share: not overdrawn, led by the venue's own count, stopped for everybody when it says so.
#![cfg(test)]

mod server;

use exchange::{Class, Task, Transport, VenueError};
use server::{Asker, HandClock, Server, answer, run};
use std::sync::Mutex;

#[tokio::test]
async fn a_budget_is_not_overdrawn_and_requests_are_signed_when_they_leave() {
    let (server, clock) = (Server::start([]).await, HandClock::new(true));
    let (transport, mut asker) = (server.transport(), Asker::new(10));
    asker.weight = 200;
    assert_eq!(run(&transport, &mut asker, &clock, Task::Collect).await, Ok(()));
    // 900 of 1000 are planned: four requests a minute.
    assert_eq!(clock.passed_ms(), 120_500);
    let at = |ms: i64| asker.signed_at.iter().filter(|at_ms| **at_ms == ms).count();
    assert_eq!((at(60_500), at(120_500)), (5, 2), "the fifth and the ninth were signed again after the wait");
}

#[tokio::test]
async fn a_minute_is_the_venues() {
    let (server, clock) = (Server::start([]).await, HandClock::new(true));
    let mut asker = Asker { weight: 900, skew_ms: Some(45_000), ..Asker::new(2) };
    assert_eq!(run(&server.transport(), &mut asker, &clock, Task::Collect).await, Ok(()));
    assert_eq!(clock.passed_ms(), 15_500);
}

#[tokio::test]
async fn what_the_venue_counts_is_believed() {
    let used = |weight: u32| answer(200, &format!("X-MBX-USED-WEIGHT-1M: {weight}\r\n"), "{}");
    let (server, clock) = (Server::start([used(1), used(899), used(1)]).await, HandClock::new(true));
    assert_eq!(run(&server.transport(), &mut Asker::new(3), &clock, Task::Collect).await, Ok(()));
    assert_eq!(clock.passed_ms(), 0, "there was room for one more");
    let (server, clock) = (Server::start([used(900)]).await, HandClock::new(true));
    assert_eq!(run(&server.transport(), &mut Asker::new(2), &clock, Task::Collect).await, Ok(()));
    assert_eq!(clock.passed_ms(), 60_500, "others used it up");
}

#[tokio::test]
async fn keys_to_be_checked_have_a_fifth_and_leave_the_rest() {
    let (server, clock) = (Server::start([]).await, HandClock::new(false));
    let transport = server.transport();
    let newcomer = || {
        let mut asker = Asker::new(1);
        asker.weight = 50;
        asker
    };
    for _ in 0..4 {
        assert_eq!(run(&transport, &mut newcomer(), &clock, Task::CheckKey).await, Ok(()));
    }
    let refused = run(&transport, &mut newcomer(), &clock, Task::CheckKey).await;
    assert!(matches!(refused, Err(VenueError::BackOff { retry_after_ms: Some(60_500) })), "{refused:?}");
    let mut tenant = Asker::new(14);
    tenant.weight = 50;
    assert_eq!(run(&transport, &mut tenant, &clock, Task::Collect).await, Ok(()), "tenants are not held up");
    assert_eq!(server.requests(), 18);
}

#[tokio::test]
async fn a_long_history_and_a_short_look_take_turns() {
    let (server, clock) = (Server::start([]).await, HandClock::new(true));
    let transport = server.transport();
    let (mut long, mut short) = (Asker::new(60), Asker::new(3));
    (long.weight, short.weight) = (100, 100);
    let ended = Mutex::new(Vec::new());
    let timed = |name: &'static str| ended.lock().unwrap().push((name, clock.passed_ms()));
    let both = async {
        tokio::join!(
            async {
                run(&transport, &mut long, &clock, Task::Collect).await.unwrap();
                timed("long");
            },
            async {
                run(&transport, &mut short, &clock, Task::Collect).await.unwrap();
                timed("short");
            }
        )
    };
    both.await;
    let ended = ended.into_inner().unwrap();
    assert_eq!(ended[0].0, "short");
    assert!(ended[0].1 < 120_000 && ended[1].1 >= 6 * 60_000, "{ended:?}");
}

/// What a class takes of one minute when it asks for more than there is.
async fn taken(transport: &Transport, class: Class, account: u64) -> u32 {
    let clock = HandClock::new(false);
    let mut asker = Asker { weight: 20, account, ..Asker::new(1000) };
    {
        let mut ignored = |_, _| {};
        let asking = transport.converse_as(class, &mut asker, &*clock, Task::Collect, &mut ignored);
        let mut asking = std::pin::pin!(asking);
        // It has taken all when it waits for time to pass; the limits of answers do not count.
        let waits = || clock.waits.lock().unwrap().contains(&60_500);
        while !waits() {
            tokio::select! {
                biased;
                ended = &mut asking => {
                    assert!(ended.is_err(), "{ended:?}");
                    break;
                }
                () = tokio::task::yield_now() => {}
            }
        }
    }
    (1000 - asker.left) * 20
}

#[tokio::test]
async fn first_collections_leave_a_third_of_what_all_share_to_accounts_that_are_read() {
    let server = Server::start([]).await;
    let transport = server.transport();
    assert_eq!(taken(&transport, Class::Backfill, 0).await, 600);
    assert_eq!(taken(&transport, Class::Live, 0).await, 300, "of 900");
    // Whatever newcomers and first collections do: there is something left.
    let transport = server.transport();
    assert_eq!(taken(&transport, Class::Newcomer, 0).await, 200);
    assert_eq!(taken(&transport, Class::Backfill, 0).await, 600);
    assert_eq!(taken(&transport, Class::Live, 0).await, 100);
    // Nobody else needs what is an account's own.
    assert_eq!(taken(&transport, Class::Backfill, 5).await, 1000);
}

#[tokio::test]
async fn a_venue_that_does_not_tell_its_count_is_asked_at_an_even_pace() {
    // 120 a second, counted in windows of 5 s: 600 in each of them, and 540 are used.
    let (server, clock) = (Server::start([]).await, HandClock::new(true));
    let mut asker = Asker { limit: 7200, used_header: "", ..Asker::new(1400) };
    assert_eq!(run(&server.transport(), &mut asker, &clock, Task::Collect).await, Ok(()));
    let most = |asker: &Asker, window_ms: i64| {
        let sent = &asker.answered_at;
        sent.iter().map(|from| sent.iter().filter(|at| (0..window_ms).contains(&(**at - from))).count()).max()
    };
    assert!(most(&asker, 5000).unwrap() <= 600, "{:?}", most(&asker, 5000));
    assert!((12_000..14_000).contains(&clock.passed_ms()), "{}", clock.passed_ms());

    // 10 in 2 s, of an account's own.
    let clock = HandClock::new(true);
    let mut asker = Asker { limit: 300, used_header: "", account: 5, ..Asker::new(40) };
    assert_eq!(run(&server.transport(), &mut asker, &clock, Task::Collect).await, Ok(()));
    assert!(most(&asker, 2000).unwrap() <= 10, "{:?}", asker.answered_at);

    // A counter that falls by one in three seconds and must not pass 15.
    let clock = HandClock::new(true);
    let mut asker = Asker { limit: 20, used_header: "", account: 6, ..Asker::new(60) };
    assert_eq!(run(&server.transport(), &mut asker, &clock, Task::Collect).await, Ok(()));
    let (mut count, mut before_ms) = (0_i64, 0);
    for at_ms in asker.answered_at {
        count = (count - (at_ms - before_ms)).max(0) + 3000;
        assert!(count <= 15 * 3000, "{count} at {at_ms}");
        before_ms = at_ms;
    }
}

#[tokio::test]
async fn a_key_that_waits_to_be_checked_holds_up_nobody_else() {
    let (server, clock) = (Server::start([]).await, HandClock::new(false));
    let (transport, weight) = (server.transport(), 200);
    clock.advance(30_000);
    let mut newcomers = [(); 2].map(|()| Asker { weight, ..Asker::new(1) });
    let [first, second] = &mut newcomers;
    run(&transport, first, &clock, Task::CheckKey).await.unwrap();
    let mut waiting = std::pin::pin!(run(&transport, second, &clock, Task::CheckKey));
    let polled =
        std::future::poll_fn(|context| std::task::Poll::Ready(waiting.as_mut().poll(context).is_pending()));
    assert!(polled.await, "it waits for the next minute");
    assert_eq!(run(&transport, &mut Asker::new(3), &clock, Task::Collect).await, Ok(()));
    clock.advance(30_500);
    assert_eq!(waiting.await, Ok(()));
}

#[tokio::test]
async fn what_was_not_sent_after_all_costs_nothing() {
    let (server, clock) = (Server::start([]).await, HandClock::new(true));
    let transport = server.transport();
    let asker = || Asker { weight: 900, ..Asker::new(1) };
    run(&transport, &mut asker(), &clock, Task::Collect).await.unwrap();
    // By the time that there is room, something else is asked.
    let mut other = Asker { later_path: "/api/v3/myTrades", ..asker() };
    run(&transport, &mut other, &clock, Task::Collect).await.unwrap();
    assert_eq!(clock.passed_ms(), 60_500);
    assert!(server.heard.lock().unwrap()[1].starts_with("GET /api/v3/myTrades?"));
}

#[tokio::test]
async fn a_dropped_conversation_gives_its_place_back() {
    let (server, clock) = (Server::start([]).await, HandClock::new(false));
    let transport = server.transport();
    let mut full = Asker::new(1);
    full.weight = 900;
    run(&transport, &mut full, &clock, Task::Collect).await.unwrap();
    let (mut gone, mut next) = (Asker::new(1), Asker::new(1));
    {
        let waiting = run(&transport, &mut gone, &clock, Task::Collect);
        let mut waiting = std::pin::pin!(waiting);
        let polled = std::future::poll_fn(|context| {
            std::task::Poll::Ready(waiting.as_mut().poll(context).is_pending())
        });
        assert!(polled.await, "it waits for the next minute");
    }
    clock.advance(60_500);
    assert_eq!(run(&transport, &mut next, &clock, Task::Collect).await, Ok(()));
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn a_wait_that_is_told_is_kept_by_everybody_on_the_budget() {
    let server = Server::start([answer(429, "retry-after: 7\r\n", "{}")]).await;
    let (transport, clock) = (server.transport(), HandClock::new(true));
    let (mut first, mut other, mut stranger) = (Asker::new(1), Asker::new(1), Asker::new(1));
    stranger.account = 5;
    assert_eq!(run(&transport, &mut first, &clock, Task::Collect).await, Ok(()));
    assert_eq!(clock.passed_ms(), 7000);

    // A ban that is longer than patience: told on, and nobody else asks until it is over.
    *server.script.lock().unwrap() = [answer(429, "retry-after: 600\r\n", "{}")].into();
    let told = |seconds: u64| Err(VenueError::BackOff { retry_after_ms: Some(seconds * 1000) });
    first.left = 1;
    assert_eq!(run(&transport, &mut first, &clock, Task::Collect).await, told(600));
    let asked = server.requests();
    clock.advance(100_000);
    assert_eq!(run(&transport, &mut other, &clock, Task::Collect).await, told(500));
    assert_eq!(server.requests(), asked, "not even asked");
    assert_eq!(run(&transport, &mut stranger, &clock, Task::Collect).await, Ok(()), "another budget");
    clock.advance(500_000);
    assert_eq!(run(&transport, &mut other, &clock, Task::Collect).await, Ok(()));
}

#[tokio::test]
async fn a_ban_is_for_all_budgets_of_the_host() {
    let server = Server::start([answer(418, "retry-after: 300\r\n", "{}")]).await;
    let (transport, clock) = (server.transport(), HandClock::new(true));
    let (mut first, mut stranger) = (Asker::new(1), Asker::new(1));
    stranger.account = 5;
    for asker in [&mut first, &mut stranger] {
        let told = run(&transport, asker, &clock, Task::Collect).await;
        assert_eq!(told, Err(VenueError::BackOff { retry_after_ms: Some(300_000) }));
    }
    assert_eq!(server.requests(), 1);
}
