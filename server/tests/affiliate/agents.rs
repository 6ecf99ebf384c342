//! How many robots are known by their user agent, and how many people are taken for robots, on the
//! public lists in `agents/`.

use takings_server::affiliate::clicks::is_bot;

const BOTS: &str = include_str!("agents/bots.txt");
const HUMANS: &str = include_str!("agents/humans.txt");
const BROWSERS: &str = include_str!("agents/browsers.txt");

/// Those of a list that are taken for robots, the others, and the share of the former in percent.
fn told(list: &str) -> (Vec<&str>, Vec<&str>, f64) {
    let (bots, others): (Vec<_>, Vec<_>) = list.lines().partition(|agent| is_bot(agent));
    let share = 100.0 * bots.len() as f64 / list.lines().count() as f64;
    (bots, others, share)
}

#[test]
fn robots_of_a_public_list_are_known() {
    let (known, missed, recall) = told(BOTS);
    println!("robots: {recall:.2} % known, {} missed of {}", missed.len(), BOTS.lines().count());
    for (name, count) in by_name(&missed) {
        println!("  {count:>3} {name}");
    }
    assert!(recall >= 96.8, "{recall:.2} % of {} are known", known.len() + missed.len());
}

/// How many of the user agents begin alike, the most frequent first.
fn by_name<'a>(agents: &[&'a str]) -> Vec<(&'a str, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for agent in agents {
        let name = agent.split([' ', '/', '(', ';']).find(|word| !word.is_empty());
        *counts.entry(name.unwrap_or_default()).or_insert(0) += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

#[test]
fn people_of_public_lists_are_not_taken_for_robots() {
    for (name, list, most) in [("today", HUMANS, 0.0), ("of all times", BROWSERS, 0.05)] {
        let (wrong, right, share) = told(list);
        let all = wrong.len() + right.len();
        println!("browsers {name}: {share:.2} %, {} of {all} taken for robots", wrong.len());
        wrong.iter().for_each(|agent| println!("  {agent}"));
        assert!(share <= most, "{share:.2} % of the browsers {name}: {wrong:#?}");
    }
}
