//! Rows that leave a line for its quarantine.

use polars::prelude::DataFrame;
use rayon::Scope;

use super::Flow;
use crate::error::Result;
use crate::exec::turnstile::Ticket;
use crate::sink::Piece;

impl Flow<'_> {
    /// Keeps the rows that a step refused.
    pub(super) fn quarantine_diverted<'s>(
        &'s self,
        scope: &Scope<'s>,
        index: usize,
        stage: usize,
        ticket: Ticket,
        diverted: Option<DataFrame>,
    ) {
        let Some(quarantine) = &self.lines[index].quarantine else { return };
        let kept = quarantine
            .diverted(stage, diverted)
            .and_then(|(point, pieces)| self.quarantine_pieces(scope, index, point, ticket, pieces));
        self.note(ticket, kept);
    }

    /// Keeps the rows that failed a check.
    pub(super) fn quarantine_failed<'s>(
        &'s self,
        scope: &Scope<'s>,
        index: usize,
        ticket: Ticket,
        failed: Option<DataFrame>,
    ) -> Result<()> {
        match &self.lines[index].quarantine {
            Some(quarantine) => match quarantine.failed(failed)? {
                Some((point, pieces)) => self.quarantine_pieces(scope, index, point, ticket, pieces),
                None => Ok(()),
            },
            None => Ok(()),
        }
    }

    fn quarantine_pieces<'s>(
        &'s self,
        scope: &Scope<'s>,
        index: usize,
        point: usize,
        ticket: Ticket,
        pieces: Vec<Piece>,
    ) -> Result<()> {
        let Some(quarantine) = &self.lines[index].quarantine else { return Ok(()) };
        let writer = &quarantine.points()[point].writer;
        self.lanes[index].quarantined[point].pass(ticket, pieces, |_, pieces| {
            for job in writer.admit(pieces)? {
                self.encode(scope, writer, job, None);
            }
            Ok(())
        })
    }
}
