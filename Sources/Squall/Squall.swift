// Room: Squall. The front door: re-exports what a Swift program needs.

@_exported public import Forecasting
@_exported public import GridFiles
@_exported public import Grids
@_exported public import Networks
@_exported public import Nowcasting
@_exported public import Tensors
