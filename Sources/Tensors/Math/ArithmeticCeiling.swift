// Room: Tensors. The machine's own limit, which profiles are compared with.

internal import CVectorKernels

/// The most float32 multiply-adds a second that this machine has to give at the moment.
package enum ArithmeticCeiling {
  /// Measures it: each thread of the pool in turns of about a millisecond on registers alone, the
  /// fastest of several, since the machine may be doing other things, too.
  package static func multiplyAddsPerSecond(on pool: ThreadPool = .shared) -> Double {
    let variant = KernelVariant.current
    let round = Double(SQUALL_CEILING_SUMS * Int32(variant.lanes))
    let rounds = 400_000
    let clock = ContinuousClock()
    var fastest = Duration.seconds(3600)
    for _ in 0..<20 {
      let took = clock.measure {
        pool.forEachTile(pool.threadCount, nanoseconds: 1e9) { tile in
          // What comes out depends on what goes in, so that nothing is left out.
          let result = variant.table.pointee.f32_ceiling(rounds, 0.5, Float(tile))
          precondition(result.isFinite)
        }
      }
      fastest = min(fastest, took)
    }
    return round * Double(rounds) * Double(pool.threadCount) / (fastest / .seconds(1))
  }
}
