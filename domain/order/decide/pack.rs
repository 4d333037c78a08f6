//! Packing: whether work was packed into the parcels that a packer states.

use super::super::{
    Fulfilment, FulfilmentEvidence, FulfilmentStage, LineUnits, Order, PARCELS_MOST, PackRejection,
    PackedParcel, Rejection, StatedParcel, units_of,
};
use super::Draft;
use crate::quantity::Quantity;

impl Draft<'_> {
    /// Work was packed into these parcels. With stated contents, every unit is in one of them; said
    /// again it changes nothing, said otherwise it is refused.
    pub(super) fn pack_into(
        &mut self,
        work: &Fulfilment,
        stated: &[StatedParcel],
    ) -> Result<(), Rejection> {
        let parcels = self.packed_parcels(work, stated)?;
        match work.stage {
            FulfilmentStage::Picking if Order::left_to_pick(work).is_empty() => {
                self.report_work(work.number, FulfilmentEvidence::Packed { parcels });
                Ok(())
            }
            stage if stage >= FulfilmentStage::Packed && stage <= FulfilmentStage::Collected => {
                if work.is_packed_into(&parcels) {
                    return Ok(());
                }
                let known = work.parcels.len();
                Err(PackRejection::PackedOtherwise { known }.into())
            }
            _ => Err(Rejection::WrongFulfilmentStage {
                stage: work.word(),
                verb: "packed",
            }),
        }
    }

    /// The stated parcels by the order's lines. Together they hold what the work is about.
    pub(super) fn packed_parcels(
        &self,
        work: &Fulfilment,
        stated: &[StatedParcel],
    ) -> Result<Vec<PackedParcel>, PackRejection> {
        if stated.len() > PARCELS_MOST {
            return Err(PackRejection::TooManyParcels);
        }
        let says = stated.iter().any(|parcel| parcel.lines.is_some());
        let mut parcels = Vec::new();
        let mut packed: Vec<LineUnits> = Vec::new();
        for (place, parcel) in stated.iter().enumerate() {
            let lines = match &parcel.lines {
                None if says => return Err(PackRejection::ContentsMissing { parcel: place }),
                None => Vec::new(),
                Some(lines) => self.stated_contents(work, place, lines, &packed)?,
            };
            if says && lines.is_empty() {
                return Err(PackRejection::EmptyParcel { parcel: place });
            }
            packed.extend(lines.iter().cloned());
            parcels.push(PackedParcel {
                lines,
                weight_g: parcel.weight_g,
                size: parcel.size,
            });
        }
        let left_over = work.lines.iter().filter(|_| says).find_map(|units| {
            let left = units.quantity.minus(units_of(&packed, units.line));
            let line = self.order.line(units.line)?.external_id.clone();
            (!left.is_zero()).then_some(PackRejection::NotAllPacked { line, left })
        });
        left_over.map_or(Ok(parcels), Err)
    }

    /// What is in one parcel, given what the parcels before it hold.
    fn stated_contents(
        &self,
        work: &Fulfilment,
        parcel: usize,
        stated: &[(String, Quantity)],
        packed: &[LineUnits],
    ) -> Result<Vec<LineUnits>, PackRejection> {
        let mut lines: Vec<LineUnits> = Vec::new();
        for (place, (external_id, quantity)) in stated.iter().enumerate() {
            let line = external_id.clone();
            let Some(units) = self.order.units_named(work, external_id) else {
                return Err(PackRejection::NoSuchLine {
                    line,
                    parcel,
                    place,
                });
            };
            let taken = units_of(packed, units.line).plus(units_of(&lines, units.line));
            let left = units.quantity.minus(taken);
            if *quantity > left {
                return Err(PackRejection::TooMany {
                    line,
                    parcel,
                    place,
                    left,
                });
            }
            if !quantity.is_zero() {
                lines.push(LineUnits {
                    line: units.line,
                    quantity: *quantity,
                });
            }
        }
        Ok(lines)
    }
}

impl Order {
    /// The units of a piece of work by the channel's id of their line.
    pub(super) fn units_named<'a>(
        &self,
        work: &'a Fulfilment,
        external_id: &str,
    ) -> Option<&'a LineUnits> {
        work.lines.iter().find(|units| {
            self.line(units.line)
                .is_some_and(|line| line.external_id == external_id)
        })
    }
}
