// Room: Grids. Which Squall this is: for the provenance of what it makes.

/// This release of Squall.
public enum SquallRelease {
  /// The version, as in a tag of the repository.
  public static let version = "0.1.0"
}
