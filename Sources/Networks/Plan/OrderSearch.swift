// Room: Networks. Looks for an order of work whose values take less memory at a time.

/// List scheduling over runs of steps: forwards and backwards, by several rules, the best kept.
///
/// A step that may come next is weighed together with those that only it makes ready, up to where
/// the fewest bytes live: its run climbs a hill and ends in a valley. Runs that end lower than they
/// began come first, the lowest hill first; of the others those that fall furthest from their hill,
/// which for trees is the best order there is.
///
/// **Source**: J. W. H. Liu, An application of generalized tree pebbling to sparse matrix
/// factorization, SIAM J. Alg. Disc. Meth. 8 (1987).
package struct OrderSearch {
  /// Graphs with more steps keep their order.
  private static let mostSteps = 8192
  /// How many steps may be looked at in all, runs ahead included.
  private static let mostWork = 200_000
  /// How far a run is looked ahead.
  private static let longestRun = 64

  enum Rule: CaseIterable {
    case hillAndValley, lowestValley, lowestHill, latest
  }

  private let work: WorkOrder
  private let rule: Rule
  private let backwards: Bool
  /// The search ends where so many bytes would live: a better order is known.
  private let limit: Int
  private var state: OrderState
  private var ready: [Int] = []
  private var order: [Int] = []
  /// What a ready step and those behind it cost.
  private struct Run {
    var hill: Int
    var valley: Int
    var steps: [Int]
  }
  /// By ready step; nil where something has changed since.
  private var runs: [Run?]
  /// By step: the ready step in whose run it is.
  private var runOf: [Int]
  private var effort = 0

  /// An order with a lower peak than the steps' own, by a 64th at least; nil where none was found.
  package static func better(_ work: WorkOrder) -> [Int]? {
    guard work.steps.count > 2, work.steps.count <= mostSteps else { return nil }
    let given = work.peak(Array(work.steps.indices))
    let bound = work.lowerBound
    var best: (peak: Int, order: [Int])?
    var effort = 0
    for rule in Rule.allCases {
      for backwards in [false, true] {
        let least = best?.peak ?? given - given / 64
        // The hungriest step sets the bound: nothing to gain.
        guard least > bound, effort < mostWork else { return best?.order }
        var search = OrderSearch(work, rule, backwards: backwards, limit: least, effort: effort)
        let found = search.searched()
        effort = search.effort
        guard let found else { continue }
        let peak = work.peak(found)
        if peak < least { best = (peak, found) }
      }
    }
    return best?.order
  }

  private init(_ work: WorkOrder, _ rule: Rule, backwards: Bool, limit: Int, effort: Int) {
    (self.work, self.rule, self.backwards, self.limit) = (work, rule, backwards, limit)
    self.effort = effort
    state = OrderState(work, backwards: backwards)
    runs = [Run?](repeating: nil, count: work.steps.count)
    runOf = [Int](repeating: -1, count: work.steps.count)
    ready = work.steps.indices.filter { state.waits[$0] == 0 }
    if backwards { ready.reverse() }
  }

  /// The order; nil where more than the limit would live.
  private mutating func searched() -> [Int]? {
    while !ready.isEmpty {
      let place = chosen()
      guard effort < Self.mostWork else { return nil }
      let first = ready[place]
      // A run's steps follow each other until its valley.
      let steps = ready.count == 1 ? [first] : runs[first]?.steps ?? [first]
      for step in steps {
        guard state.live &+ state.cost(step).hill < limit,
          let place = ready.firstIndex(of: step)
        else { return nil }
        ready.remove(at: place)
        take(step)
      }
    }
    guard order.count == work.steps.count else { return nil }
    return backwards ? order.reversed() : order
  }

  private mutating func take(_ step: Int) {
    state.take(step)
    order.append(step)
    effort += 1
    forget(step)
    for other in state.followers[step] {
      if state.waits[other] == 0 {
        ready.append(other)
      } else if state.waits[other] == 1 {
        // Whoever is the last that it waits for has it in its run now.
        for last in backwards ? work.after[other] : work.before[other] { forget(last) }
      }
    }
    for value in work.touched[step] {
      let left = state.left[value]
      // In between, a value's share in what others cost hardly changes.
      guard left <= 2 || left == work.touching.count(value) - 1 else { continue }
      for other in work.touching[value] { forget(other) }
    }
  }

  private mutating func forget(_ step: Int) {
    let owner = runOf[step]
    guard owner >= 0, let run = runs[owner] else { return }
    for member in run.steps { runOf[member] = -1 }
    runs[owner] = nil
  }

  /// The place in `ready` of the run to do next.
  private mutating func chosen() -> Int {
    guard ready.count > 1 else { return 0 }
    var best = 0
    effort += ready.count / 16
    for place in ready.indices {
      if runs[ready[place]] == nil { look(ready[place]) }
      if place > 0, isBetter(place, than: best) { best = place }
    }
    return best
  }

  private func isBetter(_ left: Int, than right: Int) -> Bool {
    guard let a = runs[ready[left]], let b = runs[ready[right]] else { return false }
    func key(_ run: Run, _ place: Int) -> (Int, Int, Int) {
      switch rule {
      case .hillAndValley:
        run.valley <= 0
          ? (0, run.hill, run.valley) : (1, run.valley &- run.hill, run.valley)
      case .lowestValley: (0, run.valley, run.hill)
      case .lowestHill: (0, run.hill, run.valley)
      case .latest: (0, run.valley <= 0 ? 0 : 1, -place)
      }
    }
    return key(a, left) < key(b, right)
  }

  /// Weighs what would follow if `step` came next.
  private mutating func look(_ step: Int) {
    let live = state.live
    var run = Run(hill: .min, valley: .max, steps: [])
    var taken: [Int] = []
    var (next, hill, kept) = (step, Int.min, 0)
    while true {
      hill = max(hill, state.live &- live &+ state.cost(next).hill)
      state.take(next)
      taken.append(next)
      let valley = state.live &- live
      if valley < run.valley || taken.count == 1 {
        (run.hill, run.valley, kept) = (hill, valley, taken.count)
      }
      guard taken.count < Self.longestRun, run.valley > 0,
        let follower = state.onlyFollower(next)
      else { break }
      next = follower
    }
    for taken in taken.reversed() { state.giveBack(taken) }
    effort += taken.count
    run.steps = Array(taken.prefix(kept))
    runs[step] = run
    // What lies behind the valley was looked at, too: the run is another one when that changes.
    for member in taken { runOf[member] = step }
  }
}
