// Room: Tensors. A convolution's plans, by image size.

internal import Synchronization

/// The last few plans of one convolution.
final class PlanCache: Sendable {
  private let plans = Mutex<[ConvolutionPlan]>([])

  func find(_ size: [Int]) -> ConvolutionPlan? {
    plans.withLock { $0.first { $0.size == size } }
  }

  func add(_ plan: ConvolutionPlan) {
    plans.withLock { plans in
      plans.append(plan)
      if plans.count > 4 { plans.removeFirst() }
    }
  }
}
