// swift-tools-version: 6.2
// Programs that use Squall as a library. A package of your own names the repository instead of the
// folder above:
//
//   .package(url: "URL-OF-THIS-REPOSITORY", branch: "main")

import PackageDescription

let squall: Target.Dependency = .product(name: "Squall", package: "squall")

let package = Package(
  name: "Examples",
  dependencies: [.package(name: "squall", path: "..")],
  targets: [
    .executableTarget(name: "NowcastProgram", dependencies: [squall]),
    .executableTarget(name: "RegridProgram", dependencies: [squall]),
    .executableTarget(
      name: "OwnOperator", dependencies: [squall], exclude: ["reflectivity.onnx"]),
  ])
