//! A process that is killed in the middle of work leaves a database that opens and a chain that verifies.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::support::installation::{Installation, PASSWORD};
use crate::support::program::{Server, path, yice};

#[test]
fn a_server_killed_in_a_stream_of_acts_keeps_every_act_it_answered() {
    let house = Installation::found();
    let mut answered = 0;
    // Later and later, so that the end falls into different places of an act.
    for round in 0..6_u64 {
        let server = Server::serve(&house.dir);
        let address = server.address;
        let (count, over) = (AtomicU32::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for (login, _) in crate::support::installation::PEOPLE {
                let (count, over) = (&count, &over);
                scope.spawn(move || {
                    let mut client = crate::support::http::Client::new(address);
                    while !over.load(Ordering::Relaxed) {
                        let fields = [("login", *login), ("password", PASSWORD)];
                        match client.try_post("/sign-in", &fields) {
                            Ok(answer) if answer.status == 303 => count.fetch_add(1, Ordering::Relaxed),
                            Ok(answer) => panic!("{login}: {}", answer.status),
                            Err(_) => break,
                        };
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(150 + 37 * round));
            server.kill();
            over.store(true, Ordering::Relaxed);
        });
        answered += count.into_inner();
        let said = yice(&["--lang", "en", "audit", "verify", "--dir", path(&house.dir)]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "round {round}: {said:?}");
        let kept = lines_of(&said.out);
        assert!(kept >= answered, "{answered} sign-ins were answered, {kept} lines are kept");
    }
    assert!(answered > 10, "only {answered} acts were done before the ends");
}

/// How many audit lines `yice audit verify` counted.
fn lines_of(out: &str) -> u32 {
    let numbers = out.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
    numbers.max().unwrap_or(0)
}
