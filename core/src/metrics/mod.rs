//! Metrics: ratios over movements.
