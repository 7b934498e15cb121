// Room: Grids. Longitudes and latitudes about another pole.

internal import Foundation
internal import GridFiles

/// CF's `rotated_latitude_longitude`: the sphere turned so that its pole lies elsewhere.
///
/// Source: CF 1.11 appendix F.
struct RotatedPole: Sendable, Equatable {
  private let first: Vector
  private let second: Vector
  private let pole: Vector
  private let longitudeOfNorth: Double

  /// The rotation that a grid mapping describes, or nil.
  init?(_ mapping: GridMapping) {
    guard ["rotated_latitude_longitude", "rotated_pole"].contains(mapping.projection),
      let latitude = mapping.attributes.number("grid_north_pole_latitude"),
      let longitude = mapping.attributes.number("grid_north_pole_longitude"),
      latitude.isFinite, longitude.isFinite, abs(latitude) <= 90
    else { return nil }
    let north = mapping.attributes.number("north_pole_grid_longitude") ?? 0
    longitudeOfNorth = north.isFinite ? north : 0
    pole = Vector(longitude: longitude, latitude: latitude)
    let (lon, lat) = (longitude * radiansPerDegree, latitude * radiansPerDegree)
    // Along the rotated equator, towards the true north pole.
    first = Vector(-sin(lat) * cos(lon), -sin(lat) * sin(lon), cos(lat))
    second = pole.cross(first)
  }

  /// Longitude and latitude on Earth of a place in the rotated system, in degrees.
  func place(longitude: Double, latitude: Double) -> (longitude: Double, latitude: Double) {
    let rotated = Vector(longitude: longitude - longitudeOfNorth, latitude: latitude)
    return (rotated.x * first + rotated.y * second + rotated.z * pole).degrees
  }
}
