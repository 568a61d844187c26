//! In which order tables are made when some need all rows of others first.
//!
//! Tables of one phase that come from the same rows share one scan. A table that reads another beside
//! its own rows (a join, a union) belongs to a later phase than what it reads. Tables that nobody waits
//! for are made as late as others of their source, so that a source is scanned once where it can be.

/// What a node needs, by index of other nodes.
#[derive(Debug, Clone, Default)]
pub(super) struct Needs {
    /// The node its rows come from; none for a source.
    pub from: Option<usize>,
    /// Nodes it needs all rows of, beforehand.
    pub reads: Vec<usize>,
}

/// The phase of each node, and whether its rows must be kept for a later phase; none if nodes need each
/// other in a circle.
pub(super) fn phases(needs: &[Needs]) -> Option<Vec<(usize, bool)>> {
    let mut phases = vec![(0, false); needs.len()];
    let settled = (0..=needs.len()).any(|_| {
        let before = phases.clone();
        for (node, need) in needs.iter().enumerate() {
            let inherited = need.from.map_or(0, |from| phases[from].0);
            let after = need.reads.iter().map(|&read| phases[read].0 + 1).max().unwrap_or(0);
            phases[node].0 = inherited.max(after);
        }
        phases == before
    });
    if !settled {
        return None;
    }
    put_off(needs, &mut phases);
    for (node, need) in needs.iter().enumerate() {
        for &read in &need.reads {
            phases[read].1 = true;
        }
        if let Some(from) = need.from
            && needs[from].from.is_some()
            && phases[from].0 < phases[node].0
        {
            phases[from].1 = true;
        }
    }
    Some(phases)
}

/// Moves tables that nobody waits for to the last phase in which their source is scanned.
fn put_off(needs: &[Needs], phases: &mut [(usize, bool)]) {
    let from = |node: usize, of: usize| needs[node].from == Some(of);
    for source in (0..needs.len()).filter(|&node| needs[node].from.is_none()) {
        let last = (0..needs.len()).filter(|&node| from(node, source)).map(|node| phases[node].0).max();
        for child in (0..needs.len()).filter(|&node| from(node, source)) {
            let mut below = vec![child];
            let mut next = 0;
            while next < below.len() {
                let made: Vec<usize> = (0..needs.len()).filter(|&node| from(node, below[next])).collect();
                below.extend(made);
                next += 1;
            }
            if needs.iter().any(|need| need.reads.iter().any(|read| below.contains(read))) {
                continue;
            }
            for node in below {
                phases[node].0 = phases[node].0.max(last.unwrap_or(0));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Needs {
        Needs::default()
    }

    fn table(from: usize, reads: &[usize]) -> Needs {
        Needs { from: Some(from), reads: reads.to_vec() }
    }

    #[test]
    fn tables_that_share_their_rows_share_a_phase() {
        let phases = phases(&[source(), table(0, &[]), table(1, &[])]).unwrap();
        assert_eq!(phases, [(0, false), (0, false), (0, false)]);
    }

    #[test]
    fn a_join_waits_for_the_other_side() {
        let phases = phases(&[source(), source(), table(0, &[1])]).unwrap();
        assert_eq!(phases, [(0, false), (0, true), (1, false)]);
    }

    #[test]
    fn a_table_whose_rows_come_from_an_earlier_phase_has_them_kept() {
        let phases = phases(&[source(), table(0, &[]), table(0, &[]), table(1, &[2])]).unwrap();
        assert_eq!(phases, [(0, false), (0, true), (0, true), (1, false)]);
    }

    #[test]
    fn a_table_that_nobody_waits_for_shares_the_scan_of_one_that_waits() {
        // Two sources; a plain table of the first, one that joins the second, and one made from the plain one.
        let needs = [source(), source(), table(0, &[]), table(0, &[1]), table(2, &[])];
        assert_eq!(phases(&needs).unwrap(), [(0, false), (0, true), (1, false), (1, false), (1, false)]);
        let needs = [source(), source(), table(0, &[]), table(0, &[1, 2])];
        assert_eq!(phases(&needs).unwrap(), [(0, false), (0, true), (0, true), (1, false)]);
    }

    #[test]
    fn a_circle_has_no_phases() {
        let checked = Needs { from: None, reads: vec![1] };
        assert_eq!(phases(&[checked, table(0, &[])]), None);
    }
}
