// Room: Networks. Which Swift type implements an operator: found by its name, so that adding an
// operator touches nothing but its own file.

/// Finds operators by domain and name: those that the program brought, then Squall's own.
///
/// Swift has no static initialisers with which a type could register itself. Instead the type's
/// name says which operator it is, and the runtime finds it: `Relu` is `ReluOperator`,
/// `com.microsoft`'s `FusedConv` is `ComMicrosoftFusedConvOperator`. The types are `package`, not
/// internal, since the optimiser drops the records of internal types that nothing mentions.
package struct OperatorRegistry: Sendable {
  private struct Key: Hashable {
    var domain: String
    var opType: String
  }

  private var registered: [Key: any Operator.Type] = [:]

  package init() {}

  /// Adds an operator that is not one of Squall's own, or replaces one.
  package mutating func register(_ type: any Operator.Type, as opType: String, domain: String) {
    registered[Key(domain: domain == "ai.onnx" ? "" : domain, opType: opType)] = type
  }

  /// Whether the program brought the operator itself.
  package func isRegistered(_ opType: String, domain: String) -> Bool {
    registered[Key(domain: domain, opType: opType)] != nil
  }

  /// The type that implements `opType` of `domain`; nil where there is none.
  package func type(_ opType: String, domain: String) -> (any Operator.Type)? {
    registered[Key(domain: domain, opType: opType)] ?? Self.type(opType, domain: domain)
  }

  /// Squall's own type that implements `opType` of `domain`; nil where there is none.
  package static func type(_ opType: String, domain: String) -> (any Operator.Type)? {
    let isName = opType.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || byte == 0x5f
    }
    guard isName, let first = opType.utf8.first, !(0x30...0x39).contains(first) else { return nil }
    let name = prefix(domain) + opType + "Operator"
    // The mangled name of a struct of this module.
    return _typeByName("8Networks\(name.utf8.count)\(name)V") as? any Operator.Type
  }

  /// `com.microsoft` gives `ComMicrosoft`; ONNX's own domain gives nothing.
  private static func prefix(_ domain: String) -> String {
    guard !domain.isEmpty, domain != "ai.onnx" else { return "" }
    return domain.split(whereSeparator: { !$0.isLetter && !$0.isNumber })
      .filter { $0.allSatisfy(\.isASCII) }
      .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}
