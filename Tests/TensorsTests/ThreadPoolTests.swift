// Tests of Tensors: the thread pool and its scratch memory.

internal import Foundation
internal import Synchronization
import Tensors
import Testing

@Suite struct ThreadPoolTests {
  @Test(arguments: [1, 2, 3, 8])
  func everyTileRunsOnce(threads: Int) {
    let pool = ThreadPool(threads: threads)
    for tiles in [0, 1, 2, 3, 7, 100, 1000] {
      let counts = (0..<tiles).map { _ in Counter() }
      pool.forEachTile(tiles, nanoseconds: 1e9) { counts[$0].value.add(1, ordering: .relaxed) }
      #expect(counts.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
    }
  }

  @Test func manyShortRegionsInARow() {
    let pool = ThreadPool(threads: 3)
    let total = Counter()
    for round in 0..<20_000 {
      pool.forEachTile(round % 5 + 1, nanoseconds: 1e9) { _ in
        total.value.add(1, ordering: .relaxed)
      }
    }
    #expect(total.value.load(ordering: .relaxed) == 20_000 * 3)
  }

  @Test func regionsAfterWorkersHaveParked() {
    let pool = ThreadPool(threads: 2)
    for _ in 0..<20 {
      let total = Counter()
      pool.forEachTile(4, nanoseconds: 1e9) { _ in
        total.value.add(1, ordering: .relaxed)
        usleep(200)
      }
      #expect(total.value.load(ordering: .relaxed) == 4)
      usleep(500)
    }
  }

  @Test func nestedRegionsRunInline() {
    let pool = ThreadPool(threads: 2)
    let total = Counter()
    pool.forEachTile(10, nanoseconds: 1e9) { _ in
      pool.forEachTile(10, nanoseconds: 1e9) { _ in total.value.add(1, ordering: .relaxed) }
    }
    #expect(total.value.load(ordering: .relaxed) == 100)
  }

  @Test func callersInManyTasksNeverWaitForEachOther() async {
    let pool = ThreadPool(threads: 3)
    let total = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<500 {
            pool.forEachTile(9, nanoseconds: 1e9) { _ in total.value.add(1, ordering: .relaxed) }
          }
        }
      }
    }
    #expect(total.value.load(ordering: .relaxed) == 8 * 500 * 9)
  }

  @Test func rangesCoverEverythingWithoutOverlap() {
    let pool = ThreadPool(threads: 2)
    for count in [0, 1, 63, 64, 65, 1000] {
      let seen = Mutex([Range<Int>]())
      pool.forEachRange(count, grain: 64, nanosecondsPerItem: 1e9) { range in
        seen.withLock { $0.append(range) }
      }
      let ranges = seen.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
      #expect(ranges.flatMap { Array($0) } == Array(0..<count))
    }
  }

  @Test func scratchNestsAndGrows() {
    Scratch.with(Float.self, count: 10) { small in
      small[9] = 1
      Scratch.with(Double.self, count: 1 << 20) { large in
        large[(1 << 20) - 1] = 2
        #expect(UInt(bitPattern: large) % 64 == 0)
        Scratch.with(UInt8.self, count: 3) { tiny in
          tiny[2] = 3
          #expect(UInt(bitPattern: tiny) % 64 == 0)
        }
        #expect(large[(1 << 20) - 1] == 2)
      }
      #expect(small[9] == 1)
    }
  }

  @Test func currentPoolIsReplacedOnlyInside() {
    let pool = ThreadPool(threads: 1)
    pool.asCurrent { #expect(ThreadPool.current === pool) }
    #expect(ThreadPool.current === ThreadPool.shared)
    #expect(!ThreadPool.configure(threads: 5))
  }
}

private final class Counter: Sendable {
  let value = Atomic<Int>(0)
}
