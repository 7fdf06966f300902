//! Reads and writes attempts on a PostgreSQL server. A whole batch takes three statements, so it
//! costs three round trips instead of several for each attempt.
//!
//! Values travel as one array for each column. No statement has a join that the planner could turn
//! into reading a whole table: each row of a batch finds its data by an index.

use std::collections::HashMap;

use tokio_postgres::types::ToSql;
use tokio_postgres::{self as postgres, Row, Statement};

use super::connection::Connection as Client;
use crate::facts::{Change, EarlierSubmission, Facts, Failures, Query, Recent, count};

/// Locks each DNI of the batch until the transaction ends. All servers lock in the same order, so
/// they cannot deadlock. The lock is on the DNI's hash, because a row for every DNI that a stranger
/// invents would fill the disk.
pub(super) const HOLD: &str = "
    SELECT count(pg_advisory_xact_lock(held)) FROM (
        SELECT hashtextextended(dni, 0) AS held FROM unnest($1::TEXT[]) AS queries (dni) ORDER BY 1
    ) AS ordered";

/// Reads what the register knows of each DNI. It is a statement of its own after the locks, so it
/// sees what the previous holders of the locks have committed.
pub(super) const LOOK: &str = "
    SELECT
        o.repeated, o.accepted, r.here, r.here_oldest, r.everywhere, r.everywhere_oldest,
        t.here, t.here_last, t.everywhere, t.everywhere_last, m.number, m.at, m.name,
        ARRAY(SELECT step FROM used WHERE student = q.student AND step BETWEEN q.step - 1 AND q.step + 1),
        (SELECT listed = 1 FROM students WHERE dni = q.dni),
        (SELECT secret FROM students WHERE dni = q.dni)
    FROM unnest(
            $2::TEXT[], $3::BYTEA[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::BIGINT[], $8::BIGINT[],
            $9::BIGINT[]
        ) WITH ORDINALITY AS q (dni, student, code, prefix, cidr, at, since, step, n),
        LATERAL (
            SELECT bool_or(lab = $1 AND code = q.code) AS repeated, count(*) > 0 AS accepted
            FROM attempts WHERE dni = q.dni AND code IS NOT NULL
        ) AS o,
        LATERAL (
            SELECT count(*) FILTER (WHERE near) AS here, min(at) FILTER (WHERE near) AS here_oldest,
                count(*) AS everywhere, min(at) AS everywhere_oldest
            FROM (
                SELECT at, ip::INET <<= q.cidr::INET AS near
                FROM attempts WHERE dni = q.dni AND at > q.since AND at <= q.at
            ) AS recent
        ) AS r,
        LATERAL (
            SELECT max(failures) FILTER (WHERE ip <> '') AS here, max(last_failure) FILTER (WHERE ip <> '') AS here_last,
                max(failures) FILTER (WHERE ip = '') AS everywhere, max(last_failure) FILTER (WHERE ip = '') AS everywhere_last
            FROM tallies WHERE dni = q.dni AND ip IN ('', q.prefix)
        ) AS t
        LEFT JOIN LATERAL (
            SELECT s.number, (SELECT a.at FROM attempts a WHERE a.id = s.attempt) AS at,
                (SELECT a.name FROM attempts a WHERE a.id = s.attempt) AS name
            FROM submissions s WHERE s.lab = $1 AND s.dni = q.dni
        ) AS m ON true
    ORDER BY q.n";

/// Writes a batch. Returns the numbers of the new submissions by DNI, and, with an empty DNI, how
/// many codes it marked as used.
pub(super) const WRITE: &str = "
    WITH made AS (
        INSERT INTO attempts (lab, dni, name, ip, port, at, verdict, code)
        SELECT $1, q.* FROM unnest($2::TEXT[], $3::BYTEA[], $4::TEXT[], $5::BIGINT[], $6::BIGINT[], $7::TEXT[], $8::TEXT[]) AS q
        RETURNING id, dni, code
    ), taken AS (
        INSERT INTO used (student, step) SELECT * FROM unnest($9::BYTEA[], $10::BIGINT[])
        ON CONFLICT DO NOTHING RETURNING step
    ), counted AS (
        INSERT INTO tallies (dni, ip, failures, last_failure, turned_away)
        SELECT * FROM unnest($11::TEXT[], $12::TEXT[], $13::BIGINT[], $14::BIGINT[], $15::BIGINT[])
        ON CONFLICT (dni, ip) DO UPDATE SET failures = excluded.failures,
            last_failure = excluded.last_failure,
            turned_away = tallies.turned_away + excluded.turned_away
    ), turned_away AS (
        INSERT INTO tallies (dni, ip)
        SELECT dni, ip FROM unnest($16::TEXT[], $17::TEXT[]) AS q (dni, ip)
        WHERE (SELECT count(*) FROM tallies t WHERE t.dni = q.dni AND t.ip = q.ip) > 0
        ON CONFLICT (dni, ip) DO UPDATE SET turned_away = tallies.turned_away + 1
    ), submitted AS (
        INSERT INTO submissions (lab, dni, attempt)
        SELECT $1, dni, id FROM made
        WHERE code IS NOT NULL AND (SELECT count(*) FROM submissions s WHERE s.lab = $1 AND s.dni = made.dni) = 0
        RETURNING dni, number
    )
    SELECT dni, number FROM submitted UNION ALL SELECT '', count(*) FROM taken";

/// One value of each row, as an array.
fn column<'a, T, U>(rows: &'a [T], of: impl Fn(&'a T) -> U) -> Vec<U> {
    rows.iter().map(of).collect()
}

pub(super) fn hold(
    client: &mut Client,
    statement: &Statement,
    queries: &[Query<'_>],
) -> Result<(), postgres::Error> {
    client.query(statement, &[&column(queries, |one| one.dni)])?;
    Ok(())
}

pub(super) fn facts(
    client: &mut Client,
    statement: &Statement,
    queries: &[Query<'_>],
) -> Result<Vec<Facts>, postgres::Error> {
    let lab = queries.first().map_or("", |one| one.lab);
    let values: [&(dyn ToSql + Sync); 9] = [
        &lab,
        &column(queries, |one| one.dni),
        &column(queries, |one| one.student),
        &column(queries, |one| one.code),
        &column(queries, |one| one.from.text.as_str()),
        &column(queries, |one| one.from.cidr()),
        &column(queries, |one| one.at),
        &column(queries, |one| one.since),
        &column(queries, |one| one.step),
    ];
    client
        .query(statement, &values)?
        .iter()
        .map(facts_of)
        .collect()
}

fn facts_of(row: &Row) -> Result<Facts, postgres::Error> {
    let flag =
        |at: usize| Ok::<_, postgres::Error>(row.try_get::<_, Option<bool>>(at)?.unwrap_or(false));
    let int = |at: usize| Ok::<_, postgres::Error>(row.try_get::<_, Option<i64>>(at)?.unwrap_or(0));
    let recent = |at: usize| {
        Ok::<_, postgres::Error>(Recent {
            count: count(int(at)?),
            oldest: row.try_get(at + 1)?,
        })
    };
    let failures = |at: usize| {
        Ok::<_, postgres::Error>(Failures {
            count: count(int(at)?),
            last: int(at + 1)?,
        })
    };
    let submission: (Option<i64>, Option<i64>) = (row.try_get(10)?, row.try_get(11)?);
    let name: Option<Vec<u8>> = row.try_get(12)?;
    Ok(Facts {
        repeated: flag(0)?,
        accepted: flag(1)?,
        recent_here: recent(2)?,
        recent_everywhere: recent(4)?,
        failures_here: failures(6)?,
        failures_everywhere: failures(8)?,
        submission: (submission.0.zip(submission.1)).map(|(number, at)| EarlierSubmission {
            number: number.unsigned_abs(),
            at,
            name: name.unwrap_or_default(),
        }),
        used: row.try_get(13)?,
        listed: flag(14)?,
        secret: row.try_get::<_, Option<Vec<u8>>>(15)?.unwrap_or_default(),
    })
}

/// Writes the changes. Returns the number of each that is a submission now, and whether every code
/// was still unused.
pub(super) fn write(
    client: &mut Client,
    statement: &Statement,
    changes: &[Change<'_>],
) -> Result<(Vec<Option<u64>>, bool), postgres::Error> {
    let lab = changes.first().map_or("", |one| one.lab);
    let rows: Vec<_> = changes
        .iter()
        .filter_map(|one| Some((one, one.row.as_ref()?)))
        .collect();
    let steps: Vec<_> = changes
        .iter()
        .filter_map(|one| Some((one.student, one.step?)))
        .collect();
    let tallies: Vec<_> = changes
        .iter()
        .flat_map(|one| {
            let away = i64::from(one.turned_away);
            let here = one
                .failures_here
                .map(|failures| (one.dni, one.prefix, failures, away));
            let everywhere = one
                .failures_everywhere
                .map(|failures| (one.dni, "", failures, 0));
            here.into_iter().chain(everywhere)
        })
        .collect();
    // A statement can change a row only once, so leave out the rows that `tallies` changes.
    let away: Vec<_> = changes
        .iter()
        .filter(|one| one.turned_away && one.failures_here.is_none())
        .collect();
    let values: [&(dyn ToSql + Sync); 17] = [
        &lab,
        &column(&rows, |(one, _)| one.dni),
        &column(&rows, |(_, row)| row.name),
        &column(&rows, |(_, row)| row.ip),
        &column(&rows, |(_, row)| i64::from(row.port)),
        &column(&rows, |(_, row)| row.at),
        &column(&rows, |(_, row)| &*row.verdict),
        &column(&rows, |(_, row)| row.code),
        &column(&steps, |(student, _)| *student),
        &column(&steps, |(_, step)| *step),
        &column(&tallies, |(dni, _, _, _)| *dni),
        &column(&tallies, |(_, ip, _, _)| *ip),
        &column(&tallies, |(_, _, failures, _)| i64::from(failures.count)),
        &column(&tallies, |(_, _, failures, _)| failures.last),
        &column(&tallies, |(_, _, _, away)| *away),
        &column(&away, |one| one.dni),
        &column(&away, |one| one.prefix),
    ];
    let made = client.query(statement, &values)?;
    let mut numbers = HashMap::new();
    for row in &made {
        numbers.insert(row.try_get::<_, &str>(0)?, row.try_get::<_, i64>(1)?);
    }
    let taken = numbers.get("").copied().unwrap_or(0);
    let number = |one: &Change<'_>| Some(numbers.get(one.dni)?.unsigned_abs());
    let numbers = changes.iter().map(number).collect();
    Ok((numbers, taken.unsigned_abs() == steps.len() as u64))
}
