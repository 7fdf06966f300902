//! Finds what a lecturer may want to look at. No submission is rejected because of a finding, as
//! each can have an innocent reason.

use std::collections::BTreeMap;
use std::net::IpAddr;

use socklab_core::policy::prefix;

use super::{Archive, Submission};
use crate::error::Error;
use crate::name::{folded, shown};

/// A conspicuous pattern among the submissions of a lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// One DNI's attempts came from several addresses.
    SeveralAddresses {
        /// The DNI.
        dni: String,
        /// The addresses.
        ips: Vec<String>,
    },
    /// Several DNIs submitted from one address.
    SeveralDnis {
        /// The address, or the first of an IPv6 /64.
        ip: String,
        /// The DNIs.
        dnis: Vec<String>,
    },
    /// The name that was sent differs from the one in the roster.
    OtherName {
        /// The DNI.
        dni: String,
        /// The name that was sent, escaped for display.
        sent: String,
        /// The name in the roster.
        roster: String,
    },
    /// Right codes came for one DNI under several names: somebody else may have submitted for it.
    SeveralNames {
        /// The DNI.
        dni: String,
        /// The name of the submission, escaped for display.
        submitted: String,
        /// The other names, escaped for display.
        others: Vec<String>,
    },
    /// DNIs that differ only by zeros at the front.
    OnlyZeros {
        /// The DNIs.
        dnis: Vec<String>,
    },
}

impl Archive {
    /// The findings of a lab.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub fn findings(&mut self, lab: &str) -> Result<Vec<Finding>, Error> {
        let submissions = self.submissions(lab)?;
        let rows = self.sql.rows(
            "SELECT DISTINCT dni, ip FROM attempts WHERE lab = $1 ORDER BY dni, ip",
            &[lab.into()],
        )?;
        let mut ips: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in &rows {
            ips.entry(row.text(0)?).or_default().push(row.text(1)?);
        }
        let roster = self.students(lab)?;
        let names: BTreeMap<&str, &str> = roster
            .iter()
            .filter(|student| !student.name.is_empty())
            .map(|student| (student.dni.as_str(), student.name.as_str()))
            .collect();
        let several = ips.into_iter().filter(|(_, ips)| ips.len() > 1);
        let several = several.map(|(dni, ips)| Finding::SeveralAddresses { dni, ips });
        let mut findings: Vec<Finding> = several.collect();
        let by_ip = group(&submissions, |one| {
            let ip = one.ip.parse::<IpAddr>();
            ip.map_or_else(|_| one.ip.clone(), |ip| prefix(ip).to_string())
        });
        let several = by_ip.into_iter().filter(|(_, dnis)| dnis.len() > 1);
        findings.extend(several.map(|(ip, dnis)| Finding::SeveralDnis { ip, dnis }));
        for one in &submissions {
            let sent = shown(&one.name);
            if let Some(roster) = names.get(one.dni.as_str())
                && folded(&sent) != folded(roster)
            {
                findings.push(Finding::OtherName {
                    dni: one.dni.clone(),
                    sent,
                    roster: (*roster).to_owned(),
                });
            }
        }
        let rows = self.sql.rows(
            "SELECT dni, name FROM attempts WHERE lab = $1 AND verdict = 'other-name' ORDER BY id",
            &[lab.into()],
        )?;
        let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in &rows {
            let others = others.entry(row.text(0)?).or_default();
            let name = shown(&row.bytes(1)?);
            if !others.contains(&name) {
                others.push(name);
            }
        }
        for one in &submissions {
            if let Some(others) = others.remove(&one.dni) {
                findings.push(Finding::SeveralNames {
                    dni: one.dni.clone(),
                    submitted: shown(&one.name),
                    others,
                });
            }
        }
        let number = |one: &Submission| one.dni.trim_start_matches('0').to_owned();
        let several = group(&submissions, number).into_values();
        let several = several.filter(|dnis| dnis.len() > 1);
        findings.extend(several.map(|dnis| Finding::OnlyZeros { dnis }));
        Ok(findings)
    }
}

/// Groups the DNIs of the submissions by a key.
fn group(
    submissions: &[Submission],
    key: impl Fn(&Submission) -> String,
) -> BTreeMap<String, Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in submissions {
        groups.entry(key(one)).or_default().push(one.dni.clone());
    }
    groups
}
