// Room: SquallCommand. `name=N`: a length that a network leaves open.

internal import ArgumentParser

/// An argument of the form `name=N`.
struct NamedLength: ExpressibleByArgument {
  let name: String
  let length: Int

  init?(argument: String) {
    guard let equals = argument.lastIndex(of: "="), equals > argument.startIndex,
      let length = Int(argument[argument.index(after: equals)...]), length >= 0
    else { return nil }
    name = String(argument[..<equals])
    self.length = length
  }
}
