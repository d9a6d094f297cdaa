//! The tables: the same on both engines, safe to open again, and never opened by a program that is too old for them.

use std::collections::BTreeSet;

use sqlx::{Connection as _, PgConnection, SqliteConnection};
use yice::store::{Db, Error};

use crate::support::both_backends;
use crate::support::cluster::{Engine, TestDb, bare_postgres};
use crate::support::house::House;

both_backends!(a_database_with_data_opens_again_unchanged, a_database_from_a_newer_version_is_refused_and_left_alone,);

/// Table, column, kind of value, whether it may be empty, place in the primary key.
type Column = (String, String, String, bool, i64);

const SQLITE_COLUMNS: &str = "SELECT m.name, p.name, lower(p.type), p.\"notnull\" = 0 AND p.pk = 0, p.pk
    FROM sqlite_master m JOIN pragma_table_info(m.name) p
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> '_sqlx_migrations'";

const POSTGRES_COLUMNS: &str = "SELECT c.table_name::text, c.column_name::text, c.data_type::text, c.is_nullable = 'YES',
        coalesce((SELECT k.ordinal_position FROM information_schema.key_column_usage k
                  JOIN information_schema.table_constraints t USING (constraint_schema, constraint_name)
                  WHERE t.constraint_type = 'PRIMARY KEY' AND k.table_name = c.table_name AND k.column_name = c.column_name),
                 0)::bigint
    FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.table_name <> '_sqlx_migrations'";

const SQLITE_INDEXES: &str = "SELECT l.name || CASE WHEN l.\"unique\" THEN ' unique' ELSE '' END
            || CASE WHEN l.partial THEN ' partial' ELSE '' END,
        group_concat(i.name, ',' ORDER BY i.seqno)
    FROM sqlite_master m JOIN pragma_index_list(m.name) l JOIN pragma_index_info(l.name) i
    WHERE m.type = 'table' AND l.origin = 'c' GROUP BY l.name";

const POSTGRES_INDEXES: &str = "SELECT c.relname::text || CASE WHEN i.indisunique THEN ' unique' ELSE '' END
            || CASE WHEN i.indpred IS NOT NULL THEN ' partial' ELSE '' END,
        string_agg(a.attname::text, ',' ORDER BY array_position(i.indkey::int2[], a.attnum))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_attribute a
        ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
    WHERE c.relnamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))
    GROUP BY c.relname, i.indisunique, i.indpred IS NOT NULL";

const SQLITE_UNIQUE: &str = "SELECT m.name, group_concat(i.name, ',' ORDER BY i.seqno)
    FROM sqlite_master m JOIN pragma_index_list(m.name) l JOIN pragma_index_info(l.name) i
    WHERE m.type = 'table' AND l.origin = 'u' GROUP BY m.name, l.name";

const POSTGRES_UNIQUE: &str = "SELECT t.relname::text,
        string_agg(a.attname::text, ',' ORDER BY array_position(k.conkey, a.attnum))
    FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_attribute a
        ON a.attrelid = t.oid AND a.attnum = ANY (k.conkey)
    WHERE k.contype = 'u' AND k.connamespace = 'public'::regnamespace GROUP BY t.relname, k.conname";

const SQLITE_REFERENCES: &str = "SELECT m.name || '.' || f.\"from\", f.\"table\" || '.' || f.\"to\"
    FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";

const POSTGRES_REFERENCES: &str = "SELECT (t.relname || '.' || a.attname)::text, (f.relname || '.' || b.attname)::text
    FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.conkey[1]
    JOIN pg_attribute b ON b.attrelid = f.oid AND b.attnum = k.confkey[1] WHERE k.contype = 'f'";

/// What both engines call the same thing. SQLite knows neither UUID nor BOOLEAN.
fn kind(data_type: &str) -> &'static str {
    match data_type {
        "blob" | "bytea" | "uuid" => "bytes",
        "integer" | "bigint" | "boolean" => "whole number",
        "text" => "text",
        other => panic!("{other} is no type that both engines have"),
    }
}

fn columns(rows: Vec<Column>) -> BTreeSet<Column> {
    let plain = |(table, column, data_type, empty, pk): Column| {
        let data_type = kind(&data_type).to_owned();
        (table, column, data_type, empty, pk)
    };
    rows.into_iter().map(plain).collect()
}

fn only_in<T: Ord + std::fmt::Debug>(here: &BTreeSet<T>, elsewhere: &BTreeSet<T>) -> String {
    format!("{:#?}", here.difference(elsewhere).collect::<Vec<_>>())
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn both_engines_have_the_same_tables_columns_indexes_and_references() {
    let on_sqlite = TestDb::new(Engine::Sqlite).await;
    let on_postgres = TestDb::new(Engine::Postgres).await;
    let mut sqlite = SqliteConnection::connect(&on_sqlite.place).await.unwrap();
    let mut postgres = PgConnection::connect(&on_postgres.place).await.unwrap();

    let here = columns(sqlx::query_as(SQLITE_COLUMNS).fetch_all(&mut sqlite).await.unwrap());
    let there = columns(sqlx::query_as(POSTGRES_COLUMNS).fetch_all(&mut postgres).await.unwrap());
    assert!(here.len() > 100, "{} columns", here.len());
    assert_eq!((only_in(&here, &there), only_in(&there, &here)), ("[]".to_owned(), "[]".to_owned()));

    for (on_sqlite, on_postgres) in
        [(SQLITE_INDEXES, POSTGRES_INDEXES), (SQLITE_UNIQUE, POSTGRES_UNIQUE), (SQLITE_REFERENCES, POSTGRES_REFERENCES)]
    {
        let here: Vec<(String, String)> = sqlx::query_as(on_sqlite).fetch_all(&mut sqlite).await.unwrap();
        let there: Vec<(String, String)> = sqlx::query_as(on_postgres).fetch_all(&mut postgres).await.unwrap();
        let (here, there) = (BTreeSet::from_iter(here), BTreeSet::from_iter(there));
        assert!(here.len() > 3, "{here:?}");
        assert_eq!((only_in(&here, &there), only_in(&there, &here)), ("[]".to_owned(), "[]".to_owned()));
    }
}

/// The migration files of one engine, by name.
fn files(engine: &str) -> Vec<String> {
    let folder = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn both_engines_have_the_same_migrations() {
    assert!(!files("sqlite").is_empty());
    assert_eq!(files("sqlite"), files("postgres"));
}

async fn a_database_with_data_opens_again_unchanged(engine: Engine) {
    let house = House::new(engine).await;
    let before = contents(&house.on.db, &house).await;
    let again = house.on.open_again().await.unwrap();
    assert_eq!(contents(&again, &house).await, before);
    again.close().await;
}

async fn contents(db: &Db, house: &House) -> String {
    let mut conn = db.read().await.unwrap();
    let (schools, classes) = (conn.schools().await.unwrap(), conn.classes(house.school).await.unwrap());
    let (people, student) = (conn.persons(house.school).await.unwrap(), conn.student(house.student).await.unwrap());
    let macs = conn.student_macs(house.school).await.unwrap();
    assert!(student.is_some() && people.len() == 2);
    format!("{schools:?} {classes:?} {people:?} {student:?} {macs:?}")
}

async fn a_database_from_a_newer_version_is_refused_and_left_alone(engine: Engine) {
    let house = House::new(engine).await;
    match engine {
        Engine::Sqlite => {
            let mut conn = SqliteConnection::connect(&house.on.place).await.unwrap();
            sqlx::query("INSERT INTO _sqlx_migrations VALUES (9999, 'of the future', '2030-01-01', true, x'00', 1)")
                .execute(&mut conn)
                .await
                .unwrap();
        }
        Engine::Postgres => {
            let mut conn = PgConnection::connect(&house.on.place).await.unwrap();
            sqlx::query("INSERT INTO _sqlx_migrations VALUES (9999, 'of the future', '2030-01-01', true, '\\x00', 1)")
                .execute(&mut conn)
                .await
                .unwrap();
        }
    }
    let before = contents(&house.on.db, &house).await;
    let refused = house.on.open_again().await;
    assert!(matches!(refused, Err(Error::Newer)), "{refused:?}");
    assert_eq!(contents(&house.on.db, &house).await, before);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn several_nodes_may_start_on_an_empty_cluster_at_the_same_moment() {
    let url = bare_postgres("several_nodes").await;
    let nodes = (0..4).map(|_| {
        let url = url.clone();
        tokio::spawn(async move { Db::open_postgres(&url).await })
    });
    for node in nodes.collect::<Vec<_>>() {
        let db = node.await.unwrap().unwrap();
        assert!(db.read().await.unwrap().schools().await.unwrap().is_empty());
    }
}
