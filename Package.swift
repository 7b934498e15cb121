// swift-tools-version: 6.2
// Squall: trained ocean and weather networks on an ordinary CPU. The rooms are listed from the
// ground up; each may depend only on rooms listed before it.

import PackageDescription

// Our own CI sets SQUALL_STRICT, so that a warning fails it; whoever builds us is spared.
let strict = Context.environment["SQUALL_STRICT"] != nil

let swiftSettings: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ] + (strict ? [.treatAllWarnings(as: .error)] : [])

let cSettings: [CSetting] = strict ? [.treatAllWarnings(as: .error)] : []

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ room: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: room + "Tests", dependencies: dependencies + ["TestSupport"],
    swiftSettings: swiftSettings)
}

let package = Package(
  name: "squall",
  products: [
    .library(name: "Squall", targets: ["Squall"]),
    .executable(name: "squall", targets: ["SquallCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // System libraries.
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CNetCDF", pkgConfig: "netcdf", providers: [.apt(["libnetcdf-dev"])]),
    .systemLibrary(name: "CUDUNITS", providers: [.apt(["libudunits2-dev"])]),
    .systemLibrary(name: "CPROJ", pkgConfig: "proj", providers: [.apt(["libproj-dev"])]),

    // Numbers.
    .target(name: "CVectorKernels", cSettings: cSettings),
    room("Tensors", ["CVectorKernels", "COpenBLAS"]),

    // Networks.
    room("ONNXFormat", []),
    room("Networks", ["ONNXFormat", "Tensors", "CVectorKernels"]),

    // Grids.
    room("GridFiles", ["CNetCDF"]),
    room("Grids", ["GridFiles", "CUDUNITS", "CPROJ"]),

    // Forecasts.
    room(
      "Forecasting",
      [
        "GridFiles", "Grids", "Networks", "Tensors", .product(name: "Yams", package: "Yams"),
      ]),
    room("Nowcasting", ["Forecasting", "GridFiles", "Grids", "Networks", "Tensors"]),

    // The front door and the command line.
    room("Squall", ["Nowcasting", "Forecasting", "GridFiles", "Grids", "Networks", "Tensors"]),
    .executableTarget(
      name: "SquallCommand",
      dependencies: [
        "Squall", "ONNXFormat", "GridFiles",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings),

    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swiftSettings),
    .target(
      name: "FuzzSupport", dependencies: ["ONNXFormat", "Networks", "Tensors", "TestSupport"],
      path: "Tests/FuzzSupport", swiftSettings: swiftSettings),
    tests("CVectorKernels", ["CVectorKernels"]),
    tests("Tensors", ["Tensors"]),
    tests("ONNXFormat", ["ONNXFormat", "FuzzSupport"]),
    tests("Networks", ["Networks", "ONNXFormat", "Tensors", "FuzzSupport"]),
    tests("GridFiles", ["GridFiles"]),
    // Killed by the tests of Grids while it writes.
    .executableTarget(
      name: "KilledWriter", dependencies: ["Grids", "GridFiles"], path: "Tests/KilledWriter",
      swiftSettings: swiftSettings),
    tests("Grids", ["Grids", "GridFiles", "KilledWriter"]),
    tests("Forecasting", ["Forecasting", "Grids", "Networks", "Tensors"]),
    tests("Nowcasting", ["Nowcasting", "Forecasting", "Grids", "GridFiles", "Tensors"]),
    tests("SquallCommand", ["SquallCommand", "GridFiles", "Grids"]),
  ]
)

// `make fuzz` sets SQUALL_FUZZ: these programs take their entry point from libFuzzer.
if Context.environment["SQUALL_FUZZ"] != nil {
  package.targets += ["FuzzReader", "FuzzPlanning"].map { name in
    .executableTarget(
      name: name, dependencies: ["FuzzSupport"], path: "Fuzzing/\(name)",
      swiftSettings: swiftSettings)
  }
  package.targets.append(
    .executableTarget(
      name: "FuzzGrids", dependencies: ["Grids", "GridFiles", "TestSupport"],
      path: "Fuzzing/FuzzGrids", swiftSettings: swiftSettings))
}
