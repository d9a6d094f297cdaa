//! Every route, walked from the table it is declared in: as nobody, as every role that has no business there, and as those
//! who have.

use axum::http::StatusCode;
use yice::domain::words::Role;
use yice::web::{ROUTES, Route, Who};

use crate::people::{Page, Person, TestApp};
use crate::support::both_backends;
use crate::support::cluster::Engine;

both_backends!(
    nobody_gets_through_a_route_that_is_for_somebody,
    a_role_that_is_not_named_finds_nothing,
    the_roles_that_are_named_get_through,
);

/// Every route with whatever its placeholders stand for in this school.
async fn routes(at: &TestApp) -> Vec<(&'static Route, String)> {
    let student = at.student().await.to_string();
    let fill = |path: &str| {
        let filled = path
            .replace("{class}", &at.class.to_string())
            .replace("{student}", &student)
            .replace("{compartment}", "support");
        // Things that a test would have to make first: an id of nothing. Refusals must not depend on whether it exists.
        let parts = filled.split('/').map(|part| if part.starts_with('{') { NOTHING } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    ROUTES.iter().copied().flatten().map(|route| (route, fill(route.path))).collect()
}

const NOTHING: &str = "01900000-0000-7000-8000-000000000000";

/// Whether the placeholders of a route stand for things that every school of these tests has.
fn is_about_something(filled: &str) -> bool {
    !filled.contains(NOTHING)
}

async fn call(person: &Person<'_>, route: &Route, path: &str) -> Page {
    match route.method {
        "get" => person.get(path).await,
        "post" => person.post(path, &[]).await,
        other => panic!("the walk does not know the method {other}"),
    }
}

async fn nobody_gets_through_a_route_that_is_for_somebody(engine: Engine) {
    let at = TestApp::on(engine).await;
    let mut walked = 0;
    for (route, path) in routes(&at).await {
        let page = call(&at.nobody(), route, &path).await;
        let name = format!("{} {}", route.method, route.path);
        match (route.who, route.method) {
            (Who::Anyone, _) => assert_ne!(page.status, StatusCode::UNAUTHORIZED, "{name}"),
            // Signing out when nobody is signed in leads to the sign-in page as well.
            (_, "get") => assert!(page.location().starts_with("/sign-in"), "{name}: {}", page.status),
            _ if page.location() == "/sign-in" => {}
            _ => assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{name}"),
        }
        walked += 1;
    }
    assert!(walked > 15, "the table lost its routes: {walked}");
}

async fn a_role_that_is_not_named_finds_nothing(engine: Engine) {
    let at = TestApp::on(engine).await;
    for role in Role::ASSIGNABLE {
        let person = at.person(*role, role.as_str()).await;
        for (route, path) in routes(&at).await {
            let Who::Roles(named) = route.who else { continue };
            if named.contains(role) {
                continue;
            }
            let page = call(&person, route, &path).await;
            // A form is read before anybody is asked whether it may be sent: an empty one is refused by its shape.
            let refused = page.status == StatusCode::NOT_FOUND
                || (route.method == "post"
                    && page.status == StatusCode::UNPROCESSABLE_ENTITY
                    && !is_page_of_the_form(&page));
            assert!(refused, "{role} at {} {}: {}", route.method, route.path, page.status);
        }
    }
}

/// Whether an answer shows the form again, which would tell that there is one.
fn is_page_of_the_form(page: &Page) -> bool {
    !page.texts("main form").is_empty()
}

async fn the_roles_that_are_named_get_through(engine: Engine) {
    let at = TestApp::on(engine).await;
    let student = at.student().await;
    for role in Role::ASSIGNABLE {
        let person = at.person(*role, role.as_str()).await;
        if *role == Role::Helper {
            at.pair(student, &person).await;
        }
        for (route, path) in routes(&at).await {
            let may = match route.who {
                Who::Anyone => false,
                // These end the session; they have tests of their own.
                Who::SignedIn => !route.path.contains("sign-out"),
                Who::Roles(named) => named.contains(role),
            };
            if may && is_about_something(&path) {
                let status = call(&person, route, &path).await.status;
                let through =
                    ![StatusCode::NOT_FOUND, StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED].contains(&status);
                assert!(through && !status.is_server_error(), "{role} at {} {path}: {status}", route.method);
            }
        }
    }
}
