// Room: Tensors. OpenBLAS, set up the way Squall uses it: one thread, called from our own.

internal import COpenBLAS
internal import CVectorKernels

/// The library behind large matrix products.
public enum OpenBLAS {
  /// Sets OpenBLAS to one thread, once: the pool's threads each call it, and its own would spin for
  /// a tenth of a second after every product.
  static let isReady: Bool = {
    openblas_set_num_threads(1)
    return true
  }()

  /// The processor core that OpenBLAS computes for, by its own name.
  public static var coreName: String { String(cString: openblas_get_corename()) }

  /// A line for the user when OpenBLAS computes for a lesser core than the processor is (a variable
  /// `OPENBLAS_CORETYPE` in the shell does that, and halves its speed); nil when all is well.
  public static var notice: String? {
    notice(coreName: coreName, best: KernelVariant.all.last?.name ?? "")
  }

  package static func notice(coreName: String, best: String) -> String? {
    let plain = [
      "Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Atom", "Nano", "Athlon",
      "Opteron", "Opteron_SSE3", "Barcelona", "Bobcat", "Generic",
    ]
    let narrow = ["Sandybridge", "Bulldozer", "Piledriver", "Steamroller"]
    let medium = ["Haswell", "Zen", "Excavator"]
    func contains(_ names: [String]) -> Bool {
      names.contains { $0.lowercased() == coreName.lowercased() }
    }
    let level = contains(plain) ? 0 : contains(narrow) ? 1 : contains(medium) ? 2 : 3
    let wanted = ["baseline": 0, "avx2": 2, "avx512": 3, "neon": 0][best] ?? 0
    guard level < wanted else { return nil }
    return
      "OpenBLAS computes for the core \(coreName), but this processor has \(best): large matrix "
      + "products run at half speed or less; unset OPENBLAS_CORETYPE in the environment"
  }

  /// `C = alpha op(A) op(B) + beta C`, row-major, on the calling thread.
  static func multiply(
    _ m: Int, _ n: Int, _ k: Int, alpha: Float, _ a: UnsafePointer<Float>, _ aStride: Int,
    transposeA: Bool, _ b: UnsafePointer<Float>, _ bStride: Int, transposeB: Bool, beta: Float,
    _ c: UnsafeMutablePointer<Float>, _ cStride: Int
  ) {
    _ = isReady
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(k), alpha, a, Int32(aStride), b, Int32(bStride), beta, c,
      Int32(cStride))
  }

  /// The same in double precision.
  static func multiply(
    _ m: Int, _ n: Int, _ k: Int, alpha: Double, _ a: UnsafePointer<Double>, _ aStride: Int,
    transposeA: Bool, _ b: UnsafePointer<Double>, _ bStride: Int, transposeB: Bool, beta: Double,
    _ c: UnsafeMutablePointer<Double>, _ cStride: Int
  ) {
    _ = isReady
    cblas_dgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(k), alpha, a, Int32(aStride), b, Int32(bStride), beta, c,
      Int32(cStride))
  }
}
