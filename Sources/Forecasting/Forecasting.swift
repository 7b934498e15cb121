// Room: Forecasting.
