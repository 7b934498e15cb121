// Room: Networks. The work of a plan seen as memory alone: which step touches which bytes.

/// Steps and the values that they touch, to weigh one order of the steps against another.
///
/// A value takes its bytes from its first toucher, the step that makes it, to its last. Seen from
/// the end backwards the same is true, with the same peak: which is why a search may go either way.
package struct WorkOrder: Sendable {
  /// One step.
  package struct Step: Sendable {
    /// The values that it reads, each once.
    package var reads: [Int]
    /// The values that it makes.
    package var makes: [Int]
    /// Working memory beside them.
    package var scratch: Int
    /// Values of which the first that nobody needs any more gives its memory to `makes[0]`.
    package var gives: [Int]
    /// Whether it must keep its place among the others of which this is true.
    package var isFixed: Bool

    package init(
      reads: [Int], makes: [Int], scratch: Int = 0, gives: [Int] = [], isFixed: Bool = false
    ) {
      (self.reads, self.makes, self.scratch) = (reads, makes, scratch)
      (self.gives, self.isFixed) = (gives, isFixed)
    }
  }

  package let steps: [Step]
  /// By value.
  package let bytes: [Int]
  /// By step: the values it touches that take memory.
  let touched: Lists
  /// By value: who touches it.
  let touching: Lists
  /// By step: those that must come before it, and after it.
  let before: Lists, after: Lists

  /// Many short lists in one array.
  struct Lists: Sendable {
    private(set) var items: [Int] = []
    private(set) var starts: [Int] = [0]

    init(_ lists: [[Int]]) {
      items.reserveCapacity(lists.reduce(0) { $0 + $1.count })
      starts.reserveCapacity(lists.count + 1)
      for list in lists {
        items += list
        starts.append(items.count)
      }
    }

    subscript(index: Int) -> ArraySlice<Int> { items[range(index)] }

    func range(_ index: Int) -> Range<Int> { starts[index]..<starts[index + 1] }

    func count(_ index: Int) -> Int { starts[index + 1] - starts[index] }
  }

  /// Steps in an order that works, over values of `bytes` bytes.
  package init(_ steps: [Step], bytes: [Int]) {
    (self.steps, self.bytes) = (steps, bytes)
    let touched = steps.map { step in
      (step.makes + step.reads.filter { !step.makes.contains($0) }).filter { bytes[$0] > 0 }
    }
    var touching = [[Int]](repeating: [], count: bytes.count)
    for (index, values) in touched.enumerated() {
      for value in values { touching[value].append(index) }
    }
    (self.touched, self.touching) = (Lists(touched), Lists(touching))
    var maker = [Int](repeating: -1, count: bytes.count)
    var before = [[Int]](repeating: [], count: steps.count)
    var fixed = -1
    for (index, step) in steps.enumerated() {
      for value in step.reads where maker[value] >= 0 && !before[index].contains(maker[value]) {
        before[index].append(maker[value])
      }
      if step.isFixed {
        if fixed >= 0, !before[index].contains(fixed) { before[index].append(fixed) }
        fixed = index
      }
      for value in step.makes { maker[value] = index }
    }
    var after = [[Int]](repeating: [], count: steps.count)
    for (index, others) in before.enumerated() {
      for other in others { after[other].append(index) }
    }
    (self.before, self.after) = (Lists(before), Lists(after))
  }

  /// No order needs less: what the hungriest step touches.
  package var lowerBound: Int {
    steps.indices.reduce(0) { most, index in
      let step = steps[index]
      let all = touched[index].reduce(step.scratch) { $0 &+ bytes[$1] }
      let given = step.gives.isEmpty ? 0 : step.makes.first.map { bytes[$0] } ?? 0
      return max(most, all - given)
    }
  }

  /// The most bytes at a time when the steps are done in this order.
  package func peak(_ order: [Int]) -> Int {
    var state = OrderState(self, backwards: false)
    var most = 0
    for step in order {
      most = max(most, state.live &+ state.cost(step).hill)
      state.take(step)
    }
    return most
  }

  /// Whether `order` has every step once, after those that it needs.
  package func isPossible(_ order: [Int]) -> Bool {
    guard order.count == steps.count else { return false }
    var place = [Int](repeating: -1, count: steps.count)
    for (position, step) in order.enumerated() {
      guard place[step] < 0 else { return false }
      place[step] = position
    }
    return steps.indices.allSatisfy { step in before[step].allSatisfy { place[$0] < place[step] } }
  }
}

/// What lives after some of the steps are done, from the first on or from the last back.
struct OrderState {
  private let work: WorkOrder
  let backwards: Bool
  /// What waits for what.
  let followers: WorkOrder.Lists
  /// By value: how many touchers are to come.
  private(set) var left: [Int]
  /// By step: how many others must be taken before it may be.
  private(set) var waits: [Int]
  /// Bytes that live between the steps.
  private(set) var live = 0

  init(_ work: WorkOrder, backwards: Bool) {
    self.work = work
    self.backwards = backwards
    left = work.bytes.indices.map(work.touching.count)
    followers = backwards ? work.before : work.after
    let needs = backwards ? work.after : work.before
    waits = work.steps.indices.map(needs.count)
  }

  /// How many bytes more than now live during a step, and after it.
  func cost(_ step: Int) -> (hill: Int, valley: Int) {
    var (born, dead) = (0, 0)
    for place in work.touched.range(step) {
      let value = work.touched.items[place]
      if left[value] == work.touching.count(value) { born &+= work.bytes[value] }
      if left[value] == 1 { dead &+= work.bytes[value] }
    }
    return (born &+ work.steps[step].scratch &- given(step), born &- dead)
  }

  /// The bytes that one value hands on to another, which therefore never live beside each other.
  private func given(_ step: Int) -> Int {
    guard !work.steps[step].gives.isEmpty, let made = work.steps[step].makes.first,
      work.bytes[made] > 0, left[made] == (backwards ? 1 : work.touching.count(made))
    else { return 0 }
    let giver = work.steps[step].gives.first {
      left[$0] == (backwards ? work.touching.count($0) : 1)
    }
    return giver == nil ? 0 : work.bytes[made]
  }

  mutating func take(_ step: Int) {
    for place in work.touched.range(step) {
      let value = work.touched.items[place]
      if left[value] == work.touching.count(value) { live &+= work.bytes[value] }
      left[value] -= 1
      if left[value] == 0 { live &-= work.bytes[value] }
    }
    for place in followers.range(step) { waits[followers.items[place]] -= 1 }
  }

  /// Takes back the last step taken.
  mutating func giveBack(_ step: Int) {
    for place in work.touched.range(step) {
      let value = work.touched.items[place]
      if left[value] == 0 { live &+= work.bytes[value] }
      left[value] += 1
      if left[value] == work.touching.count(value) { live &-= work.bytes[value] }
    }
    for place in followers.range(step) { waits[followers.items[place]] += 1 }
  }

  /// The step that nothing but `step`, which was just taken, kept from being ready; nil where there
  /// are none or several.
  func onlyFollower(_ step: Int) -> Int? {
    var found: Int?
    for place in followers.range(step) where waits[followers.items[place]] == 0 {
      guard found == nil else { return nil }
      found = followers.items[place]
    }
    return found
  }
}
