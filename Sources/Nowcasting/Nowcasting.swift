// Room: Nowcasting.
