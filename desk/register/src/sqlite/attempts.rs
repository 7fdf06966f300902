//! Reads and writes attempts in a file, with small prepared statements, and no more of them than an
//! attempt needs.
//!
//! No statement has `RETURNING`, because for it SQLite makes a temporary table and a statement
//! journal each time.

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use crate::facts::{Change, EarlierSubmission, Facts, Failures, Query, Recent, count};

pub(super) fn facts(connection: &Connection, query: &Query<'_>) -> rusqlite::Result<Facts> {
    let mut facts = Facts::default();
    recent(connection, query, &mut facts)?;
    let accepted = accepted(connection, query, &mut facts)?;
    // Every submission is an accepted attempt, so without one the query can be saved.
    if accepted {
        facts.submission = connection
            .prepare_cached(
                "SELECT s.number, a.at, a.name
                 FROM submissions s JOIN attempts a ON a.id = s.attempt
                 WHERE s.lab = ?1 AND s.dni = ?2",
            )?
            .query_row(params![query.lab, query.dni], |row| {
                Ok(EarlierSubmission {
                    number: row.get::<_, i64>(0)?.unsigned_abs(),
                    at: row.get(1)?,
                    name: row.get(2)?,
                })
            })
            .optional()?;
    }
    failures(connection, query, &mut facts)?;
    let mut used = connection.prepare_cached(
        "SELECT step FROM used WHERE student = ?1 AND step BETWEEN ?2 - 1 AND ?2 + 1",
    )?;
    let mut rows = used.query(params![query.student, query.step])?;
    while let Some(row) = rows.next()? {
        facts.used.push(row.get(0)?);
    }
    if query.student_matters {
        let student = connection
            .prepare_cached("SELECT listed, secret FROM students WHERE dni = ?1")?
            .query_row([query.dni], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (listed, secret): (i64, Option<Vec<u8>>) = student.unwrap_or_default();
        (facts.listed, facts.secret) = (listed == 1, secret.unwrap_or_default());
    }
    Ok(facts)
}

fn recent(connection: &Connection, query: &Query<'_>, facts: &mut Facts) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT at, ip FROM attempts WHERE dni = ?1 AND at > ?2 AND at <= ?3 ORDER BY at",
    )?;
    let mut rows = statement.query(params![query.dni, query.since, query.at])?;
    let one_more = |recent: &mut Recent, at: i64| {
        recent.count = recent.count.saturating_add(1);
        recent.oldest.get_or_insert(at);
    };
    while let Some(row) = rows.next()? {
        let at = row.get(0)?;
        one_more(&mut facts.recent_everywhere, at);
        if query.from.has(row.get_ref(1)?.as_str()?) {
            one_more(&mut facts.recent_here, at);
        }
    }
    Ok(())
}

/// Whether there is an accepted attempt of this lab.
fn accepted(
    connection: &Connection,
    query: &Query<'_>,
    facts: &mut Facts,
) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(
        "SELECT lab = ?2, code = ?3 FROM attempts WHERE dni = ?1 AND code IS NOT NULL",
    )?;
    let mut rows = statement.query(params![query.dni, query.lab, query.code])?;
    let mut any = false;
    while let Some(row) = rows.next()? {
        let here: bool = row.get(0)?;
        any |= here;
        facts.accepted = true;
        facts.repeated |= here && row.get(1)?;
    }
    Ok(any)
}

fn failures(connection: &Connection, query: &Query<'_>, facts: &mut Facts) -> rusqlite::Result<()> {
    // Not `IN`: SQLite would make a temporary table of the two addresses.
    let mut statement = connection.prepare_cached(
        "SELECT 1, failures, last_failure FROM tallies WHERE dni = ?1 AND ip = ''
         UNION ALL SELECT 0, failures, last_failure FROM tallies WHERE dni = ?1 AND ip = ?2",
    )?;
    let mut rows = statement.query(params![query.dni, query.from.text])?;
    while let Some(row) = rows.next()? {
        let failures = Failures {
            count: count(row.get(1)?),
            last: row.get(2)?,
        };
        if row.get(0)? {
            facts.failures_everywhere = failures;
        } else {
            facts.failures_here = failures;
        }
    }
    Ok(())
}

/// Writes a change. Returns the number of the submission, if it made one.
pub(super) fn write(connection: &Connection, change: &Change<'_>) -> rusqlite::Result<Option<u64>> {
    let run = |sql| -> rusqlite::Result<CachedStatement<'_>> { connection.prepare_cached(sql) };
    let mut number = None;
    if let Some(row) = &change.row {
        let id = run(
            "INSERT INTO attempts (lab, dni, name, ip, port, at, verdict, code)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .insert(params![
            change.lab,
            change.dni,
            row.name,
            row.ip,
            row.port,
            row.at,
            &*row.verdict,
            row.code
        ])?;
        if change.submits {
            let made = run("INSERT INTO submissions (lab, dni, attempt) VALUES (?1, ?2, ?3)")?
                .insert(params![change.lab, change.dni, id])?;
            number = Some(made.unsigned_abs());
        }
    }
    if let Some(step) = change.step {
        run("INSERT INTO used (student, step) VALUES (?1, ?2)")?
            .execute(params![change.student, step])?;
    }
    for (ip, failures) in [
        (change.prefix, change.failures_here),
        ("", change.failures_everywhere),
    ] {
        if let Some(failures) = failures {
            run(
                "INSERT INTO tallies (dni, ip, failures, last_failure) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (dni, ip) DO UPDATE SET failures = ?3, last_failure = ?4",
            )?
            .execute(params![change.dni, ip, failures.count, failures.last])?;
        }
    }
    if change.turned_away {
        run("UPDATE tallies SET turned_away = turned_away + 1 WHERE dni = ?1 AND ip = ?2")?
            .execute(params![change.dni, change.prefix])?;
    }
    Ok(number)
}
