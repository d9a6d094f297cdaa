//! Structs that are read from rows.

use sqlx::Error;

/// A struct that is read from a row: each field from the column of its name. `field: Type as Stored` makes the value of what stands
/// in the column, and says which column if it cannot; `field: Type [flat]` reads a struct from the same row.
///
/// The derive of sqlx does the same, but with it both drivers, TLS and SQLite are compiled twice (decision 0026).
macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$doc:meta])* $field_vis:vis $field:ident: $type:ty $(as $stored:ty)? $([$flat:ident])?),+ $(,)?
    }) => {
        $(#[$meta])*
        $vis struct $name { $($(#[$doc])* $field_vis $field: $type),+ }

        $crate::store::row::row!(@ sqlx::sqlite::SqliteRow, $name { $($field: $type $(as $stored)? $([$flat])?),+ });
        $crate::store::row::row!(@ sqlx::postgres::PgRow, $name { $($field: $type $(as $stored)? $([$flat])?),+ });
    };
    (@ $row:ty, $name:ident { $($field:ident: $type:ty $(as $stored:ty)? $([$flat:ident])?),+ }) => {
        impl sqlx::FromRow<'_, $row> for $name {
            fn from_row(row: &$row) -> sqlx::Result<Self> {
                Ok(Self { $($field: $crate::store::row::column!(row, $field: $type $(as $stored)? $([$flat])?)),+ })
            }
        }
    };
}
pub(crate) use row;

/// The value of a field.
macro_rules! column {
    ($row:ident, $field:ident: $type:ty) => {
        sqlx::Row::try_get::<$type, _>($row, stringify!($field))?
    };
    ($row:ident, $field:ident: $type:ty as $stored:ty) => {
        $crate::store::row::made::<$stored, $type>(
            stringify!($field),
            sqlx::Row::try_get::<$stored, _>($row, stringify!($field))?,
        )?
    };
    ($row:ident, $field:ident: $type:ty [flat]) => {
        <$type as sqlx::FromRow<_>>::from_row($row)?
    };
}
pub(crate) use column;

/// A value made of what stands in a column.
pub(crate) fn made<S, T>(column: &str, stored: S) -> sqlx::Result<T>
where
    T: TryFrom<S>,
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(stored).map_err(|cause| Error::ColumnDecode { index: column.to_owned(), source: Box::new(cause) })
}
