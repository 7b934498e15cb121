// Room: Tensors. The numbers that the codes of the small floating-point formats stand for.

/// By format: the number of each of 256 codes, computed when first asked for.
public enum SmallFloatTables {
  private static let float8e4m3fn = Float8E4M3FN.format.values()
  private static let float8e4m3fnuz = Float8E4M3FNUZ.format.values()
  private static let float8e5m2 = Float8E5M2.format.values()
  private static let float8e5m2fnuz = Float8E5M2FNUZ.format.values()
  private static let float8e8m0 = Float8E8M0.values()
  private static let float6e2m3 = Float6E2M3.format.values()
  private static let float6e3m2 = Float6E3M2.format.values()
  private static let float4e2m1 = Float4E2M1.format.values()

  /// The numbers of `Scalar`'s codes.
  public static func values<Scalar: SmallFloat>(of _: Scalar.Type) -> [Float] {
    switch Scalar.elementType {
    case .float8e4m3fn: float8e4m3fn
    case .float8e4m3fnuz: float8e4m3fnuz
    case .float8e5m2: float8e5m2
    case .float8e5m2fnuz: float8e5m2fnuz
    case .float8e8m0: float8e8m0
    case .float6e2m3: float6e2m3
    case .float6e3m2: float6e3m2
    case .float4e2m1: float4e2m1
    default: Scalar.format.values()
    }
  }
}

extension Float {
  /// The number `value` stands for, exactly.
  public init<Scalar: SmallFloat>(_ value: Scalar) { self = value.float }
}
