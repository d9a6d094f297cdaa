//! What every test needs: an empty database on either engine, and a house with a policy to work in.

pub mod cluster;
pub mod demo;
pub mod house;
pub mod http;
pub mod installation;
pub mod program;

/// Makes `on_sqlite::name` and `on_postgres::name` of each test function named, so that no act is proved on one engine
/// only. The functions take an [`Engine`](crate::support::cluster::Engine).
macro_rules! both_backends {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::support::cluster::Engine::Sqlite).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test]
            #[ignore = "needs PostgreSQL"]
            async fn $name() {
                super::$name($crate::support::cluster::Engine::Postgres).await;
            })+
        }
    };
}
pub(crate) use both_backends;
