// lprnn_trace - names the pre-activation that the lanes compute in a cycle, for cosimulation.
//
//   z_i[k]: the code of the lanes' turn k is there -> valid_o, gate_o, group_o
//
// Part of a core only under LPRNN_TRACE. Combinational but for the number of the group.

`default_nettype none

module lprnn_trace #(
    parameter       GROUPS = 64,    // groups of units
    parameter [7:0] GATES  = 8'hd2  // numbers of the turns' gates, two bits each, the first lowest
) (
    input  wire        clk,
    input  wire        rst,
    input  wire [3:0]  z_i,
    output wire        valid_o,
    output wire [1:0]  gate_o,
    output wire [15:0] group_o
);

    reg [15:0] group_q;

    always @(posedge clk) begin
        if (rst) begin
            group_q <= 16'd0;
        end else if (z_i[3]) begin
            group_q <= (group_q == GROUPS - 1) ? 16'd0 : group_q + 16'd1;
        end
    end

    assign valid_o = |z_i;
    assign gate_o  = z_i[0] ? GATES[1:0] : z_i[1] ? GATES[3:2] : z_i[2] ? GATES[5:4] : GATES[7:6];
    assign group_o = group_q;

endmodule

`default_nettype wire
