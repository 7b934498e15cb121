// Room: Tensors. A convolution's plans, by image size.

internal import Synchronization

/// The last few plans of one convolution.
final class PlanCache: Sendable {
  private let plans = Mutex<[ConvolutionPlan]>([])

  func find(_ size: [Int], sparing: Bool) -> ConvolutionPlan? {
    plans.withLock { $0.first { $0.size == size && $0.isSparing == sparing } }
  }

  func add(_ plan: ConvolutionPlan) {
    plans.withLock { plans in
      if plan.isSparing { plans.removeAll { !$0.isSparing } }
      plans.append(plan)
      if plans.count > 4 { plans.removeFirst() }
    }
  }
}
