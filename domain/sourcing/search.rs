//! The cheapest set of locations that covers an order: exact for ordinary baskets, greedy with a
//! stated gap for huge ones. Numbers only; what they stand for is the business of its callers.

/// Units wanted of each SKU, units that each location has of it, and what using a location costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Units wanted, by SKU.
    pub need: Vec<i64>,
    /// Units there, by location and SKU.
    pub supply: Vec<Vec<i64>>,
    /// Points of using a location at all, by location.
    pub cost: Vec<u64>,
}

/// A set of locations that covers the need, none of them in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// Places in the problem's list, ascending.
    pub chosen: Vec<usize>,
    /// Points of all of them.
    pub cost: u64,
    /// No set costs less than this; equal to `cost` when the search was exact.
    pub bound: u64,
}

impl Cover {
    /// Whether nothing can be better.
    pub const fn is_best(&self) -> bool {
        self.cost == self.bound
    }
}

/// Most SKUs of an exact search.
pub const EXACT_SKUS: usize = 10;
/// Most locations of an exact search; only those that have something count.
pub const EXACT_LOCATIONS: usize = 20;

impl Problem {
    /// The best cover, or a good one with its bound when the problem is too large to be sure;
    /// nothing when all locations together do not have enough.
    pub fn cover(&self) -> Option<Cover> {
        let useful: Vec<usize> = (0..self.supply.len())
            .filter(|l| self.gives(*l, &self.need) > 0)
            .collect();
        let greedy = self.greedy(&useful)?;
        if self.need.len() > EXACT_SKUS || useful.len() > EXACT_LOCATIONS {
            return Some(greedy);
        }
        Some(Search::new(self, useful, greedy).run())
    }

    fn supply(&self, location: usize, sku: usize) -> i64 {
        let row = self.supply.get(location);
        row.and_then(|row| row.get(sku)).copied().unwrap_or(0)
    }

    fn cost(&self, location: usize) -> u64 {
        self.cost.get(location).copied().unwrap_or(0)
    }

    /// Units of what is left that a location can give.
    fn gives(&self, location: usize, left: &[i64]) -> i64 {
        let units = left.iter().enumerate();
        units
            .map(|(sku, left)| self.supply(location, sku).min(*left).max(0))
            .sum()
    }

    fn take(&self, location: usize, left: &[i64]) -> Vec<i64> {
        let units = left.iter().enumerate();
        units
            .map(|(sku, left)| (left - self.supply(location, sku).max(0)).max(0))
            .collect()
    }

    /// Takes the location with the most units for its points, again and again, and drops those that
    /// turned out not to be needed.
    fn greedy(&self, useful: &[usize]) -> Option<Cover> {
        let mut left = self.need.clone();
        let mut chosen: Vec<usize> = Vec::new();
        while left.iter().any(|units| *units > 0) {
            let open = useful.iter().filter(|l| !chosen.contains(l));
            let best = open
                .map(|l| (*l, self.gives(*l, &left)))
                .filter(|(_, units)| *units > 0)
                .reduce(|best, other| {
                    let worth = |units: i64, against: usize| {
                        i128::from(units) * i128::from(self.cost(against).max(1))
                    };
                    if worth(other.1, best.0) > worth(best.1, other.0) {
                        other
                    } else {
                        best
                    }
                });
            let (location, _) = best?;
            left = self.take(location, &left);
            chosen.push(location);
        }
        self.prune(&mut chosen);
        chosen.sort_unstable();
        let cost = chosen.iter().map(|l| self.cost(*l)).sum();
        let bound = self.bound(useful).min(cost);
        Some(Cover {
            chosen,
            cost,
            bound,
        })
    }

    /// Drops what is not needed, the dearest first.
    fn prune(&self, chosen: &mut Vec<usize>) {
        let mut dearest = chosen.clone();
        dearest.sort_by_key(|l| std::cmp::Reverse((self.cost(*l), *l)));
        for location in dearest {
            let rest: Vec<usize> = chosen.iter().copied().filter(|l| *l != location).collect();
            if self.covers(&rest) {
                *chosen = rest;
            }
        }
    }

    /// Whether these locations have everything.
    pub fn covers(&self, locations: &[usize]) -> bool {
        self.need.iter().enumerate().all(|(sku, need)| {
            let there: i64 = locations.iter().map(|l| self.supply(*l, sku).max(0)).sum();
            there >= *need
        })
    }

    /// What every cover costs at least: for each SKU, the cheapest way to its units if locations
    /// could be used in part.
    fn bound(&self, useful: &[usize]) -> u64 {
        let mut most = 0;
        for (sku, need) in self.need.iter().enumerate() {
            let mut places: Vec<(u64, i64)> = useful
                .iter()
                .map(|l| (self.cost(*l), self.supply(*l, sku)))
                .filter(|(_, units)| *units > 0)
                .collect();
            places.sort_by(|a, b| {
                let left = i128::from(a.0) * i128::from(b.1);
                left.cmp(&(i128::from(b.0) * i128::from(a.1)))
            });
            let mut left = *need;
            let mut points: u64 = 0;
            for (cost, units) in places {
                if left <= 0 {
                    break;
                }
                let share = if units <= left {
                    cost
                } else {
                    let part = i128::from(cost) * i128::from(left) / i128::from(units);
                    u64::try_from(part).unwrap_or(u64::MAX)
                };
                points = points.saturating_add(share);
                left -= units;
            }
            most = most.max(points);
        }
        most
    }
}

/// Branch and bound: each location is taken or left, cheapest first; a branch ends when what it
/// would cost at least is no better than the best found.
struct Search<'a> {
    problem: &'a Problem,
    /// Locations, cheapest first; the operator's order among equals.
    order: Vec<usize>,
    /// By depth and SKU: units of the fullest one, two, three, ... of the locations left.
    fullest: Vec<Vec<Vec<i64>>>,
    /// By depth: points of the cheapest one, two, three, ... of the locations left.
    cheapest: Vec<Vec<u64>>,
    best: Cover,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem, mut order: Vec<usize>, greedy: Cover) -> Self {
        order.sort_by_key(|l| (problem.cost(*l), *l));
        let running = |mut units: Vec<i64>| {
            units.sort_unstable_by_key(|units| std::cmp::Reverse(*units));
            let mut sum = 0;
            let sums = units.into_iter().map(|units| {
                sum += units;
                sum
            });
            sums.collect::<Vec<i64>>()
        };
        let mut fullest = Vec::new();
        let mut cheapest = Vec::new();
        for depth in 0..=order.len() {
            let left = order.get(depth..).unwrap_or_default();
            let skus = 0..problem.need.len();
            let by_sku = skus.map(|sku| {
                let units = left.iter().map(|l| problem.supply(*l, sku).max(0));
                running(units.collect())
            });
            fullest.push(by_sku.collect());
            let mut sum = 0;
            let points = left.iter().map(|l| {
                sum += problem.cost(*l);
                sum
            });
            cheapest.push(points.collect());
        }
        Self {
            problem,
            order,
            fullest,
            cheapest,
            best: greedy,
        }
    }

    fn run(mut self) -> Cover {
        let need = self.problem.need.clone();
        self.descend(0, &need, 0, &mut Vec::new());
        // What costs nothing may have been taken in vain.
        self.problem.prune(&mut self.best.chosen);
        self.best.chosen.sort_unstable();
        self.best.bound = self.best.cost;
        self.best
    }

    /// What covering the rest costs at least from here; nothing when it cannot be covered.
    fn least(&self, depth: usize, left: &[i64]) -> Option<u64> {
        let mut locations = 0;
        for (sku, left) in left.iter().enumerate().filter(|(_, left)| **left > 0) {
            let sums = self.fullest.get(depth)?.get(sku)?;
            let enough = sums.iter().position(|units| units >= left)?;
            locations = locations.max(enough + 1);
        }
        match locations.checked_sub(1) {
            None => Some(0),
            Some(last) => self.cheapest.get(depth)?.get(last).copied(),
        }
    }

    fn descend(&mut self, depth: usize, left: &[i64], cost: u64, chosen: &mut Vec<usize>) {
        let Some(rest) = self.least(depth, left) else {
            return;
        };
        if cost + rest >= self.best.cost {
            return;
        }
        if left.iter().all(|units| *units <= 0) {
            self.best.chosen.clone_from(chosen);
            self.best.cost = cost;
            return;
        }
        let Some(location) = self.order.get(depth).copied() else {
            return;
        };
        if self.problem.gives(location, left) > 0 {
            let after = self.problem.take(location, left);
            chosen.push(location);
            self.descend(
                depth + 1,
                &after,
                cost + self.problem.cost(location),
                chosen,
            );
            chosen.pop();
        }
        self.descend(depth + 1, left, cost, chosen);
    }
}
