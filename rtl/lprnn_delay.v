// lprnn_delay - a value, CYCLES cycles later.
//
//   data_i -> [reg] -> [reg] -> ... -> data_o
//
// With RESET every register is zero after rst; without, shift registers in LUTs can take their place.
// Latency: CYCLES, which may be 0.

`default_nettype none

module lprnn_delay #(
    parameter WIDTH  = 1,  // bits of the value
    parameter CYCLES = 1,  // 0: a wire
    parameter RESET  = 0   // 1: rst clears it
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [WIDTH-1:0] data_i,
    output wire [WIDTH-1:0] data_o
);

    generate
        if (CYCLES == 0) begin : gen_wire
            assign data_o = data_i;
        end else begin : gen_line
            reg  [CYCLES*WIDTH-1:0]     line_q;
            wire [(CYCLES+1)*WIDTH-1:0] line = {line_q, data_i};

            if (RESET != 0) begin : gen_reset
                always @(posedge clk) begin
                    if (rst) begin
                        line_q <= {(CYCLES*WIDTH){1'b0}};
                    end else begin
                        line_q <= line[CYCLES*WIDTH-1:0];
                    end
                end
            end else begin : gen_plain
                always @(posedge clk) line_q <= line[CYCLES*WIDTH-1:0];
            end

            assign data_o = line_q[(CYCLES-1)*WIDTH +: WIDTH];
        end
    endgenerate

endmodule

`default_nettype wire
