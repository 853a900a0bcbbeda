// Package sqlbuilder writes SQL for the stores that speak it: a layer's query, as far as a dialect can express it
// exactly, and the statements that make and fill tables.
//
// What a dialect cannot express stays in the residual query, which the driver hands to layer.Filter. What is expressed
// means exactly what layer.Query.Matches means, with one exception that is named where it occurs: a spatial index may
// let too much through, never too little.
package sqlbuilder
