// Room: Grids. Heights, depths and pressures of levels that are given by a formula.

internal import Foundation

/// How physical levels follow from a dimensionless vertical coordinate.
///
/// Source: CF 1.11 section 4.3.3 and appendix D.
public struct VerticalFormula: Sendable, Equatable {
  /// The coordinates that appendix D defines.
  public enum Kind: String, Sendable, CaseIterable {
    case atmosphereLogPressure = "atmosphere_ln_pressure_coordinate"
    case atmosphereSigma = "atmosphere_sigma_coordinate"
    case hybridSigmaPressure = "atmosphere_hybrid_sigma_pressure_coordinate"
    case hybridHeight = "atmosphere_hybrid_height_coordinate"
    case sleve = "atmosphere_sleve_coordinate"
    case oceanSigma = "ocean_sigma_coordinate"
    case oceanS = "ocean_s_coordinate"
    case oceanSG1 = "ocean_s_coordinate_g1"
    case oceanSG2 = "ocean_s_coordinate_g2"
    case oceanSigmaZ = "ocean_sigma_z_coordinate"
    case oceanDoubleSigma = "ocean_double_sigma_coordinate"

    /// The coordinate with this standard name, or nil.
    public init?(standardName: String) { self.init(rawValue: standardName) }

    /// The terms that the formula cannot do without.
    public var requiredTerms: [String] {
      switch self {
      case .atmosphereLogPressure: ["p0", "lev"]
      case .atmosphereSigma: ["sigma", "ptop", "ps"]
      case .hybridSigmaPressure: ["b", "ps"]
      case .hybridHeight: ["a", "b", "orog"]
      case .sleve: ["a", "b1", "b2", "ztop", "zsurf1", "zsurf2"]
      case .oceanSigma: ["sigma", "eta", "depth"]
      case .oceanS: ["s", "eta", "depth", "a", "b", "depth_c"]
      case .oceanSG1, .oceanSG2: ["s", "c", "eta", "depth", "depth_c"]
      case .oceanSigmaZ: ["sigma", "eta", "depth", "depth_c", "nsigma", "zlev"]
      case .oceanDoubleSigma: ["sigma", "depth", "z1", "z2", "a", "href", "k_c"]
      }
    }

    /// What the formula gives: pressure, or height (negative below the datum in the ocean).
    public var isPressure: Bool {
      switch self {
      case .atmosphereLogPressure, .atmosphereSigma, .hybridSigmaPressure: true
      default: false
      }
    }
  }

  /// Which formula.
  public var kind: Kind
  /// The names of the variables that hold the terms, by the terms' names.
  public var terms: [String: String]

  /// Makes a formula.
  public init(kind: Kind, terms: [String: String]) {
    self.kind = kind
    self.terms = terms
  }

  /// Reads `formula_terms`, such as `sigma: lev ps: PS ptop: PTOP`.
  ///
  /// Edge cases: term names are taken in lower case, since files write `C` and `c`.
  public init(kind: Kind, formulaTerms text: String) {
    var terms: [String: String] = [:]
    var key: String?
    for word in text.replacing(":", with: ": ").words {
      if word.hasSuffix(":") {
        key = word.dropLast().lowercased()
      } else if let name = key {
        terms[name] = word
        key = nil
      }
    }
    self.init(kind: kind, terms: terms)
  }

  /// Pressures in the units of the terms, or heights above the datum in metres (negative in the
  /// sea), of the `count` levels of one column.
  ///
  /// `column` holds each term by its name in the formula: one number, or one a level.
  /// Edge cases: `a` with `p0` and `ap` are the same term of a hybrid coordinate; a missing `eta`
  /// counts as 0; a NaN anywhere gives NaN.
  /// Throws: `GridError` with code `layout` where a term lacks or has another number of levels.
  public func levels(_ count: Int, column: [String: [Double]]) throws(GridError) -> [Double] {
    var terms = column
    if terms["eta"] == nil { terms["eta"] = [0] }
    for (name, values) in terms where values.count != 1 && values.count != count {
      throw GridError(
        .layout, variable: self.terms[name],
        "term '\(name)' has \(values.count) values for \(count) levels; give one a level")
    }
    for name in kind.requiredTerms where terms[name] == nil {
      throw GridError(
        .layout, "the \(kind.rawValue) lacks term '\(name)' in formula_terms; add it")
    }
    if kind == .hybridSigmaPressure, terms["ap"] == nil, terms["a"] == nil || terms["p0"] == nil {
      throw GridError(.layout, "the \(kind.rawValue) lacks term 'ap', or 'a' and 'p0'; add it")
    }
    return (0..<count).map { level in
      level_(level, count) { name in
        guard let values = terms[name] else { return .nan }
        return values.count == 1 ? values[0] : values[level]
      }
    }
  }

  private func level_(_ level: Int, _ count: Int, _ t: (String) -> Double) -> Double {
    switch kind {
    case .atmosphereLogPressure: return t("p0") * exp(-t("lev"))
    case .atmosphereSigma: return t("ptop") + t("sigma") * (t("ps") - t("ptop"))
    case .hybridSigmaPressure:
      let ap = t("ap")
      return (ap.isNaN ? t("a") * t("p0") : ap) + t("b") * t("ps")
    case .hybridHeight: return t("a") + t("b") * t("orog")
    case .sleve: return t("a") * t("ztop") + t("b1") * t("zsurf1") + t("b2") * t("zsurf2")
    case .oceanSigma: return t("eta") + t("sigma") * (t("depth") + t("eta"))
    case .oceanS: return oceanS(t)
    case .oceanSG1:
      let s = t("depth_c") * t("s") + (t("depth") - t("depth_c")) * t("c")
      return s + t("eta") * (1 + s / t("depth"))
    case .oceanSG2:
      let s =
        (t("depth_c") * t("s") + t("depth") * t("c")) / (t("depth_c") + t("depth"))
      return t("eta") + (t("eta") + t("depth")) * s
    case .oceanSigmaZ:
      // Missing numbers tell the two parts of the coordinate from each other; so does nsigma.
      let sigma = t("sigma")
      let isSigma =
        sigma.isFinite
        && (!t("nsigma").isFinite || !t("zlev").isFinite
          || Double(level) < t("nsigma") || Double(count - 1 - level) < t("nsigma"))
      return isSigma
        ? t("eta") + sigma * (min(t("depth_c"), t("depth")) + t("eta")) : t("zlev")
    case .oceanDoubleSigma: return doubleSigma(level, t)
    }
  }

  private func oceanS(_ t: (String) -> Double) -> Double {
    let (a, b, s) = (t("a"), t("b"), t("s"))
    let c =
      (1 - b) * sinh(a * s) / sinh(a)
      + b * (tanh(a * (s + 0.5)) / (2 * tanh(0.5 * a)) - 0.5)
    return t("eta") * (1 + s) + t("depth_c") * s + (t("depth") - t("depth_c")) * c
  }

  private func doubleSigma(_ level: Int, _ t: (String) -> Double) -> Double {
    let f =
      0.5 * (t("z1") + t("z2"))
      + 0.5 * (t("z1") - t("z2"))
      * tanh(2 * t("a") / (t("z1") - t("z2")) * (t("depth") - t("href")))
    let sigma = t("sigma")
    return Double(level + 1) <= t("k_c") ? sigma * f : f + (sigma - 1) * (t("depth") - f)
  }
}
